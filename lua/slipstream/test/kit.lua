--- The kit while it is on: a pretended host, whose clients have the test as their server, and its clock.
--
-- Nothing happens but in `settle` and `wait`: all do what there is to do, until nobody has anything left;
-- then the clock goes to the next moment at which something is due.

local check = require "slipstream.check"
local core = require "slipstream.core"
local endings = require "slipstream.ending"
local fiber = require "slipstream.fiber"
local frame = require "slipstream.frame"
local hosts = require "slipstream.host"
local lines = require "slipstream.test.line"
local log = require "slipstream.log"
local registry = require "slipstream.registry"
local script = require "slipstream.script"

local M = {}

---@class slipstream.test.Options
---@field timeout integer? msec that an assertion waits; 100
---@field seed integer? of the luck with which clients back off; 1
---@field log boolean? true: what is logged is written as well

---@class slipstream.test.Kit
---@field host userdata
---@field timeout integer
---@field log table[] entries
---@field began integer on the host's clock
---@field lines slipstream.test.Line[]
---@field by_client table<slipstream.Client, slipstream.test.Line>
---@field tasks slipstream.Script[]
---@field sink slipstream.Sink where the log went before

local known_options = { timeout = "number", seed = "number", log = "boolean" }

---@type slipstream.test.Kit?
local kit

--- Ends all clients of a pretended host, wherever they stand, and the host: nothing of them is known any
-- more.
---@param host userdata
function M.close(host)
  for _, client in ipairs(registry.clients()) do
    local is_ours = client._host == host
    if is_ours and client:alive() then endings.kill(client._socket, "normal") end
    if is_ours then
      client:stop() -- one that would be started again is not
      registry.forget(client)
    end
  end
  host:close()
end

--- Ends the kit: clients are where they were before, on a real network.
function M.reset()
  if not kit then return end
  local ended = kit
  kit = nil
  hosts.pretend(nil)
  for _, task in ipairs(ended.tasks) do script.cancel(task) end
  M.close(ended.host)
  log.set_sink(ended.sink)
end

local function keep_log(options)
  local own = kit
  own.sink = log.set_sink(function(line, entry)
    table.insert(own.log, entry)
    if options.log then own.sink(line, entry) end
  end)
end

--- Begins it, afresh.
---@param options slipstream.test.Options?
function M.begin(options)
  check.are_options(1, options, known_options)
  options = options or {}
  check.is_msec_option(1, options, "timeout")
  M.reset()
  local host = assert(core.pretend(options.seed))
  kit = {
    host = host, timeout = options.timeout or 100, began = host:now(), log = {}, lines = {}, by_client = {},
    tasks = {},
  }
  keep_log(options)
  hosts.pretend(host, M.turn)
end

--- The kit, which begins when it is not on.
---@return slipstream.test.Kit
function M.get()
  if not kit then M.begin() end
  return kit
end

--- Msec since it began.
---@return integer
function M.clock()
  return M.get().host:now() - kit.began
end

-- Clients.

local function is_a(name, value)
  local meta = getmetatable(value)
  return type(meta) == "table" and meta.__name == name
end

local STRANGER = "%s was not started in the test kit: call test.begin first, or start it by test.start"

--- What the kit knows of a client; raises, at the script's line, for what is none of its own.
---@param value slipstream.Client|slipstream.Socket the first argument
---@return slipstream.test.Line
function M.line(value)
  local client = is_a("slipstream.socket", value) and value._client or value
  if not is_a("slipstream.client", client) then check.fail(1, "client expected, got " .. type(value)) end
  if client._host ~= M.get().host then error(STRANGER:format(tostring(client)), (frame.caller())) end
  if not kit.by_client[client] then
    kit.by_client[client] = lines.new(client)
    table.insert(kit.lines, kit.by_client[client])
  end
  return kit.by_client[client]
end

-- Time.

-- Raises, at the script's line, inside of what the kit turns itself.
local function check_outside(host)
  local owner = fiber.current()
  if not owner or owner._client._host ~= host then return end
  check.misuse(owner._is_script and "is for the test itself: not for what slipstream.run or test.async runs"
    or "is for the test itself: a client is in the middle of something here")
end

local RESTLESS = "the clients find no rest: what they do makes more to do, and no time passes meanwhile"
local MOST_ROUNDS = 100000

local function advance(host, msec)
  if not host:advance(msec) then error(RESTLESS, (frame.caller())) end
end

local function gather()
  local has_news = false
  for _, line in ipairs(kit.lines) do has_news = line:gather(M.clock()) or has_news end
  return has_news
end

--- Lets the clients, and the server, do what there is to do now.
function M.settle()
  local host = M.get().host
  check_outside(host)
  for _ = 1, MOST_ROUNDS do
    advance(host, 0)
    if not gather() then return end
  end
  error(RESTLESS, (frame.caller()))
end

--- Lets time pass until `try(…)` answers something, at most so long.
---@param msec integer
---@param try fun(...): any
---@param ... any
---@return any what it answered; nil after `msec`
function M.wait(msec, try, ...)
  local host = M.get().host
  local stop = host:now() + msec
  while true do
    M.settle()
    local answer, left = try(...), stop - host:now()
    if answer ~= nil or left <= 0 then return answer end
    advance(host, math.min(left, host:due() or left))
  end
end

local function nothing() end

--- Lets time pass.
---@param msec integer
function M.advance(msec) M.wait(msec, nothing) end

--- For slipstream.host: lets all do what there is to do now and, unless `is_over(subject)` then, goes to
-- what is due next.
---@param is_over fun(subject: any): boolean?
---@param subject any
---@return boolean has_more false: nothing will happen any more
function M.turn(is_over, subject)
  M.settle()
  if is_over(subject) then return true end
  local msec = kit.host:due()
  if not msec then return false end
  advance(kit.host, msec)
  return true
end

return M
