--- Telemetry: what happens in the library, told to functions that are attached to it, in the shape of
-- Erlang's :telemetry. Events are named "connection.connect.stop"; docs/telemetry.md has them all.
--
-- An event that nobody is attached to costs its teller one look into a table that remembers that.

local check = require "slipstream.check"
local core = require "slipstream.core"
local fiber = require "slipstream.fiber"
local log = require "slipstream.log"
local traceback = require "slipstream.traceback"
local uv = require "luv"

---@class slipstream.telemetry
local M = {}

---@alias slipstream.TelemetryFn
---| fun(event: string, measurements: table<string, number>, metadata: table<string, any>, config: any)

---@class slipstream.TelemetryHandler
---@field id any
---@field patterns string[]
---@field fn slipstream.TelemetryFn
---@field config any

---@type slipstream.TelemetryHandler[] in the order in which they were attached
local attached = {}
---@type table<any, slipstream.TelemetryHandler>
local by_id = {}

-- What depends on who is attached.

local memories = {}

--- A table of what `find(key)` answers, which is never nil. It is forgotten when somebody comes or goes.
---@param find fun(key: string): any
---@return table<string, any>
function M.remember(find)
  local function look_up(memory, key)
    memory[key] = find(key)
    return memory[key]
  end
  local memory = setmetatable({}, { __index = look_up })
  memories[#memories + 1] = memory
  return memory
end

-- Who listens to one of these has messages and replies go the long way to their callbacks, by the handlers
-- of slipstream.event; all others leave them the shortest.
local with_every_message = {
  "client.handle_message", "client.handle_reply", "client.push", "connection.handle",
}

-- The same for what becomes of topics, and then for good: spans that are open shall find their end.
local with_topics = {
  "client.handle_join", "client.handle_leave", "client.join", "client.leave", "topic.join",
}

local function is_any_heard(names)
  for _, name in ipairs(names) do
    if M.spans[name] then return true end
  end
  return false
end

local function forget()
  for _, memory in ipairs(memories) do
    for key in pairs(memory) do memory[key] = nil end
  end
  core.observe("all", is_any_heard(with_every_message))
  if is_any_heard(with_topics) then core.observe("topics", true) end
end

-- Whether all that the other name or pattern matches is matched by the pattern.
local function covers(pattern, other)
  if pattern:sub(-1) ~= "*" then return pattern == other end
  return other:sub(1, #pattern - 1) == pattern:sub(1, -2)
end

local function is_attached_to(handler, event)
  for _, pattern in ipairs(handler.patterns) do
    if covers(pattern, event) then return true end
  end
end

local function find_handlers(event)
  local list = {}
  for _, handler in ipairs(attached) do
    if is_attached_to(handler, event) then list[#list + 1] = handler end
  end
  return #list > 0 and list
end

--- The handlers of an event, by its name; false when there are none.
---@type table<string, slipstream.TelemetryHandler[]|false>
M.handlers = M.remember(find_handlers)

local handlers = M.handlers

---@class slipstream.SpanNames
---@field start string
---@field stop string
---@field exception string

--- The events of a span, by its name; false when nobody is attached to any of them.
---@type table<string, slipstream.SpanNames|false>
M.spans = M.remember(function(name)
  local names = { start = name .. ".start", stop = name .. ".stop", exception = name .. ".exception" }
  return (handlers[names.start] or handlers[names.stop] or handlers[names.exception]) and names
end)

-- Telling.

local function call(handler, event, measurements, metadata)
  if by_id[handler.id] ~= handler then return end -- one before it has detached it
  local ok, caught = xpcall(handler.fn, traceback.catch, event, measurements, metadata, handler.config)
  if ok then return end
  M.detach(handler.id)
  log.warn("a telemetry handler raised and is detached", { handler = handler.id, event = event,
    error = caught.text, traceback = caught.traceback })
end

--- Tells the handlers of an event, in the order in which they were attached. Names of events are few:
-- what varies belongs into the metadata.
---@param event string
---@param measurements table<string, number>?
---@param metadata table<string, any>?
function M.execute(event, measurements, metadata)
  check.is(1, event, "string")
  check.is_optional(2, measurements, "table")
  check.is_optional(3, metadata, "table")
  local list = handlers[event]
  if not list then return end
  measurements, metadata = measurements or {}, metadata or {}
  for _, handler in ipairs(list) do call(handler, event, measurements, metadata) end
end

-- Attaching.

local function check_pattern(position, pattern)
  check.is(position, pattern, "string")
  if pattern == "" then check.fail(position, "a name of events expected, got an empty string") end
  local star = pattern:find("*", 1, true)
  if star and star < #pattern then
    check.fail(position, ("a * may only be the last character of %q"):format(pattern))
  end
end

local function copy_of(list) return table.move(list, 1, #list, 1, {}) end

local function attach(handler)
  if by_id[handler.id] then return nil, "already_attached", "already_attached" end
  by_id[handler.id] = handler
  attached[#attached + 1] = handler
  forget()
  return true
end

local function check_id(id)
  if id == nil or id ~= id then check.fail(1, "an id expected, got " .. tostring(id)) end
end

--- Attaches a function to events. It is called where they happen, so it should be quick; it may not wait.
-- One that raises is detached, with a warning in the log.
---@param id any for `detach`
---@param pattern string the name of an event, or how names begin and a `*`: "client.*"
---@param fn slipstream.TelemetryFn
---@param config any given to `fn`
---@return true? ok, string? err, string? code nil, "already_attached": there is one of that id
function M.attach(id, pattern, fn, config)
  check_id(id)
  check_pattern(2, pattern)
  check.is(3, fn, "function")
  return attach { id = id, patterns = { pattern }, fn = fn, config = config }
end

--- The same for several patterns. An event that is matched by more than one is told once.
---@param id any
---@param patterns string[]
---@param fn slipstream.TelemetryFn
---@param config any
---@return true? ok, string? err, string? code nil, "already_attached"
function M.attach_many(id, patterns, fn, config)
  check_id(id)
  check.is(2, patterns, "table")
  for _, pattern in ipairs(patterns) do check_pattern(2, pattern) end
  check.is(3, fn, "function")
  return attach { id = id, patterns = copy_of(patterns), fn = fn, config = config }
end

--- Detaches what was attached with that id.
---@param id any
---@return true? ok, string? err, string? code nil, "not_found"
function M.detach(id)
  check_id(id)
  for place, handler in ipairs(attached) do
    if handler.id == id then
      table.remove(attached, place)
      by_id[id] = nil
      forget()
      return true
    end
  end
  return nil, "not_found", "not_found"
end

-- Whether they have events in common.
local function overlaps(handler, pattern)
  for _, own in ipairs(handler.patterns) do
    if covers(own, pattern) or covers(pattern, own) then return true end
  end
end

--- What is attached, in its order.
---@param pattern string? only what may hear of such events
---@return slipstream.TelemetryHandler[] list copies: { id, patterns, fn, config }
function M.list(pattern)
  if pattern ~= nil then check_pattern(1, pattern) end
  local list = {}
  for _, handler in ipairs(attached) do
    if pattern == nil or overlaps(handler, pattern) then
      list[#list + 1] = { id = handler.id, patterns = copy_of(handler.patterns), fn = handler.fn,
        config = handler.config }
    end
  end
  return list
end

-- Spans.

---@class slipstream.Span
---@field private names slipstream.SpanNames
---@field private host { clock: fun(host: any): number }
---@field began number
---@field private metadata table
---@field private is_over boolean?
local Span = {}
Span.__index = Span

-- A copy, since the first table has been told.
local function with(metadata, more)
  if not more then return metadata end
  local all = {}
  for name, value in pairs(metadata) do all[name] = value end
  for name, value in pairs(more) do all[name] = value end
  return all
end

local function finish(span, event, more)
  if span.is_over then return end
  span.is_over = true
  local now = span.host:clock()
  M.execute(event, { monotonic_msec = now, duration_msec = now - span.began }, with(span.metadata, more))
end

--- It went well. What has ended once does not end again.
---@param more table<string, any>? what its metadata has in addition
function Span:stop(more)
  return finish(self, self.names.stop, more)
end

--- It failed.
---@param reason any
function Span:fail(reason)
  return finish(self, self.names.exception, { reason = reason })
end

-- Left otherwise than by its end: by an error, or since nobody goes on with its coroutine.
function Span:__close(err)
  if not self.is_over then return self:fail(err == nil and "cancelled" or err) end
end

--- Begins a span that somebody is attached to, see `spans`.
---@param name string
---@param host { clock: fun(host: any): number } tells the time in msec
---@param measurements table<string, number>
---@param metadata table<string, any>
---@return slipstream.Span
function M.begin(name, host, measurements, metadata)
  local names, now = M.spans[name], host:clock()
  local span = setmetatable({ names = names, host = host, began = now, metadata = metadata }, Span)
  measurements.monotonic_msec = now
  M.execute(names.start, measurements, metadata)
  return span
end

-- For those that are in no fiber, and so on no host.
local nowhere = {}

function nowhere.clock() return uv.hrtime() / 1e6 end

local function host_here()
  local owner = fiber.current()
  return owner and owner._client._host or nowhere
end

local function pass(span, ...)
  span:stop()
  return ...
end

--- Calls `fn()`, which may wait where its caller may, and tells of `event` with `.start` before and
-- `.stop` after it. An error is told with `.exception` and goes on to the caller.
---@param event string
---@param metadata table<string, any>?
---@param fn fun(): ...
---@return any ... what `fn` returned
function M.span(event, metadata, fn)
  check.is(1, event, "string")
  check.is_optional(2, metadata, "table")
  check.is(3, fn, "function")
  if not M.spans[event] then return fn() end
  local span <close> = M.begin(event, host_here(), {}, metadata or {})
  return pass(span, fn())
end

return M
