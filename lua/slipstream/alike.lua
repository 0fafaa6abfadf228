--- Configs that were read lately: thousands of clients that are told the same are mostly started together,
-- and need not have it checked, nor kept, more than once.

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

local recent, place = setmetatable({}, { __mode = "v" }), 0 -- settings
local reads = setmetatable({}, { __mode = "k" }) -- by settings, for as long as somebody has them

-- Tables that are written down for each client anew.
local by_value = {
  compress = true, local_address = true, reconnect_after_msec = true, rejoin_after_msec = true, tls = true,
}

-- How many keys there are in each table of what is kept.
local sizes = setmetatable({}, { __mode = "k" })

local function is_same(given, kept)
  local size = 0
  for key, value in next, given do
    size = size + 1
    local other = kept[key]
    if value ~= other then
      local is_nested = by_value[key] and type(value) == "table" and type(other) == "table"
      if not (is_nested and is_same(value, other)) then return false end
    end
  end
  return size == sizes[kept]
end

--- The settings that came of a config that says the same, if somebody still has them.
---@param given slipstream.Config
---@return slipstream.Settings? settings, slipstream.Read? read
function M.find(given)
  for index = 1, MOST do
    local settings = recent[index]
    local read = settings and settings.uri == given.uri and reads[settings]
    if read and is_same(given, read.given) then return settings, read end
  end
end

local function copy_of(given)
  local own, size = {}, 0
  for key, value in next, given do
    own[key] = by_value[key] and type(value) == "table" and copy_of(value) or value
    size = size + 1
  end
  sizes[own] = size
  return own
end

--- Keeps what came of a config, in the place of the oldest.
---@param given slipstream.Config
---@param settings slipstream.Settings
---@param numbers table
function M.keep(given, settings, numbers)
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
