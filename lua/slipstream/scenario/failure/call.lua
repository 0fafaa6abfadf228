--- Calls: which verb a fiber is in, where the scenario called it, and what the scenario calls its sockets.
-- All of it is read off the stack when something has failed, so that it costs nothing before.

local is_users = require("slipstream.frame").is_users
local words = require "slipstream.words"

local M = {}

local MOST_LOCALS = 200

---@class slipstream.scenario.Call
---@field file string? where the scenario called it
---@field line integer?
---@field verb string? the name of it
---@field subject any what it was called on
---@field arguments any[]? packed

-- The classes whose methods are verbs.
local classes = {}

--- Tells of the class of `t`, or that of its sockets. What may fail in its methods is called by no tail call:
-- the stack is to have the method.
---@param class table
function M.know(class) classes[#classes + 1] = class end

local function verb_named(func)
  for _, class in ipairs(classes) do
    for name, method in next, class do
      if rawequal(method, func) and name:sub(1, 1) ~= "_" then return name end
    end
  end
end

-- The first parameter is what the method was called on.
local function read_arguments(thread, level, frame)
  local _, subject = debug.getlocal(thread, level, 1)
  local values = { n = frame.nparams - 1 }
  for index = 2, frame.nparams do _, values[index - 1] = debug.getlocal(thread, level, index) end
  return subject, values
end

local function note_verb(call, thread, level, frame)
  local verb = verb_named(frame.func)
  if not verb then return end
  call.verb = verb
  call.subject, call.arguments = read_arguments(thread, level, frame)
end

local function find(thread)
  local call = {}
  for level = 0, math.huge do
    local frame = debug.getinfo(thread, level, "Slfu")
    if not frame then return call end
    if is_users(frame) then
      call.file, call.line = frame.source:match "^@?(.*)$", frame.currentline
      return call
    end
    note_verb(call, thread, level, frame)
  end
end

--- The innermost place of the scenario in a coroutine, and the verb that it is in there.
---@param thread thread
---@return slipstream.scenario.Call
function M.find(thread)
  return coroutine.wrap(find)(thread) -- the levels of the coroutine that runs would move with each call
end

-- Names.

local function local_named(thread, level, value)
  for index = 1, MOST_LOCALS do
    local name, held = debug.getlocal(thread, level, index)
    if not name or rawequal(held, value) and name:find "^[%a_]" then return name end
  end
end

local function upvalue_named(func, value)
  for index = 1, MOST_LOCALS do
    local name, held = debug.getupvalue(func, index)
    if not name or rawequal(held, value) then return name end
  end
end

local function find_name(thread, value)
  local found
  for level = 0, math.huge do
    local frame = debug.getinfo(thread, level, "Slf")
    if not frame then return found end
    if is_users(frame) then
      found = local_named(thread, level, value) or upvalue_named(frame.func, value) or found
    end
  end
end

--- What the scenario calls a value: the name of its local variable, in the outermost function that has one.
---@param thread thread
---@param value any
---@return string?
function M.name_of(thread, value)
  return coroutine.wrap(find_name)(thread, value)
end

--- The call as the scenario wrote it: `bob:join("room:lobby")`.
---@param call slipstream.scenario.Call
---@param name string of what it was called on
---@return string
function M.text(call, name)
  return ("%s:%s%s"):format(name, call.verb, words.arguments(call.arguments))
end

return M
