--- Configs that were read lately: thousands of clients that are told the same are mostly started together,
-- and need not have it checked, nor kept, more than once.

local are_alike = require("slipstream.core").are_alike

local M = {}

-- So many are looked at: where all configs differ, nobody shall look at all of them.
local MOST = 8

---@class slipstream.Read what came of a config
---@field given table a copy of it
---@field numbers table what `host:client` takes
---@field is_fixed boolean nothing in it can be changed by who has given it
---@field is_constant boolean all attempts to connect are the same
---@field dial table? what they dial, once that is known
---@field parts table? of its URI
---@field is_settled boolean? it will always be reached in the same way

local recent, place = setmetatable({}, { __mode = "v" }), 0 -- settings
local reads = setmetatable({}, { __mode = "k" }) -- by settings, for as long as somebody has them

-- Tables that are written down for each client anew.
local by_value = {
  compress = true, local_address = true, reconnect_after_msec = true, rejoin_after_msec = true, tls = true,
}

-- What a config inherits is not compared: two that look the same may say different things.
local function is_plain(given) return debug.getmetatable(given) == nil end

--- The settings that came of a config that says the same, if somebody still has them.
---@param given slipstream.Config
---@return slipstream.Settings? settings, slipstream.Read? read
function M.find(given)
  if not is_plain(given) then return nil end
  for index = 1, MOST do
    local settings = recent[index]
    local read = settings and settings.uri == given.uri and reads[settings]
    if read and are_alike(given, read.given, by_value) then return settings, read end
  end
end

local function copy_of(given)
  local own = {}
  for key, value in next, given do
    own[key] = by_value[key] and type(value) == "table" and copy_of(value) or value
  end
  return own
end

--- Keeps what came of a config, in the place of the oldest.
---@param given slipstream.Config
---@param settings slipstream.Settings
---@param numbers table
function M.keep(given, settings, numbers)
  if not is_plain(given) then return end
  place = place % MOST + 1
  if recent[place] then reads[recent[place]] = nil end
  recent[place] = settings
  local is_fixed = type(given.params) ~= "table" and type(given.headers) ~= "table"
  reads[settings] = {
    given = copy_of(given),
    numbers = numbers,
    is_fixed = is_fixed,
    is_constant = is_fixed and not given.params and not given.local_address,
  }
end

--- What is kept of settings, if they are among those of lately.
---@param settings slipstream.Settings
---@return slipstream.Read?
function M.of(settings)
  return reads[settings]
end

return M
