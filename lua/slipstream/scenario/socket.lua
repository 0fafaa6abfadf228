--- Sockets of scenarios: each verb waits for its outcome, and fails the scenario when that does not come.

local call = require "slipstream.scenario.failure.call"
local check = require "slipstream.check"
local fiber = require "slipstream.fiber"
local histories = require "slipstream.scenario.socket.history"
local nearest = require "slipstream.nearest"
local show = require "slipstream.show"
local slipstream = require "slipstream"
local take = require("slipstream.waiter").take
local uv = require "luv"

---@class slipstream.scenario.Socket
local Socket = {}
Socket.__index = Socket
Socket.__name = "slipstream.scenario.socket"

for _, part in ipairs { "link", "topic", "message" } do
  for name, verb in pairs(require("slipstream.scenario.socket." .. part)) do Socket[name] = verb end
end

-- A verb that there is not.
setmetatable(Socket, { __index = function(_, name)
  if type(name) ~= "string" or name:sub(1, 1) == "_" then return nil end
  local guess = nearest.find(name, Socket)
  local hint = guess and ("; did you mean %s?"):format(guess) or ""
  error(("a scenario's sockets have no %s%s"):format(name, hint), 2)
end })

local M = { Socket = Socket }

-- So many events are kept that nobody has awaited yet, unless `play` is told otherwise.
M.MOST = 1000

local function most_of(t) return t._options.kept or M.MOST end

-- Its events.

--- The socket below tells of each event, before anybody who waits for it.
function Socket:_arrived(entry)
  local history = self._history
  if history then history:add(self._t:_msec(), entry) end
  if entry[1] == "disconnected" then self:_writable() end
  local box = self._socket._mailbox
  if box:count() <= most_of(self._t) then return end
  self._dropped = self._dropped + 1
  take(self._socket, 1)
end

--- There is room again in its queue, or there will be none.
function Socket:_writable()
  local owners = self._pushers or {}
  self._pushers = false
  for _, owner in ipairs(owners) do fiber.poke(owner) end
end

--- Lines that tell of its last events, for a story; nil when they are not kept.
---@param awaited table? see slipstream.scenario.Failure
---@return string[]?
function Socket:_events(awaited)
  if not self._history then return nil end
  local lines = self._history:lines(awaited)
  if self._dropped > 0 then
    local text = "(%s dropped before, since over %d waited)"
    table.insert(lines, 1, text:format(show.count(self._dropped, "event"), most_of(self._t)))
  end
  return lines
end

--- What the scenario calls it: by a local variable of the coroutine, else by its user, else by its number.
---@param thread thread?
---@return string
function Socket:_name_in(thread)
  local name = thread and call.name_of(thread, self)
  if name then return name end
  local user = type(self._params) == "table" and self._params.user
  return type(user) == "string" and user or ("socket %d"):format(self._number)
end

function Socket:__tostring() return self:_name_in() end

-- Connecting.

-- What the scenario says comes before what holds for all.
local function config_of(t, given)
  local config = {}
  for key, value in next, t._options.config or {} do config[key] = value end
  for key, value in next, given do config[key] = value end
  if given.uri == nil then
    config.uri = t._options.uri
    if t._case.net or rawget(t, "net") then
      config.uri = t.net:_uri()
      config.tls = t.net:_tls(config.tls)
    end
  end
  return config
end

-- Begins to connect one.
local function new(t, given)
  local config, number = config_of(t, given), #t._sockets + 1
  local self = setmetatable({
    _t = t, _socket = false, _number = number, _params = config.params or false,
    _dropped = 0, _pushers = false,
    _history = t._options.history ~= 0 and histories.new(),
  }, Socket)
  local text
  self._socket, text = slipstream.connect(config)
  if not self._socket then check.fail(1, text) end
  self._socket._tap = self
  t._sockets[number] = self
  t._clients = t._clients - 1
  return self
end

--- Connects one, and waits until it is open.
---@param t slipstream.scenario.Context
---@param given table
---@return slipstream.scenario.Socket
function M.open(t, given)
  local began = t._meter and uv.hrtime()
  local self = new(t, given)
  self:_open(began)
  if t._meter then t._meter:count("connections", 1) end
  return self
end

--- Tries to connect one, which the server has to refuse.
---@param t slipstream.scenario.Context
---@param given table
---@return slipstream.Reason
function M.refute(t, given)
  local self = new(t, given)
  local reason = self:_refute()
  return reason
end

--- What the scenario calls that on which a verb was called, and the socket, if it is one.
---@param subject any
---@param thread thread
---@return string name, slipstream.scenario.Socket? socket
function M.name_of(subject, thread)
  if getmetatable(subject) ~= Socket then return call.name_of(thread, subject) or "t" end
  return subject:_name_in(thread), subject
end

call.know(Socket)

return M
