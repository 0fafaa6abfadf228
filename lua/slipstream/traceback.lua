--- Where an error came from, in the user's own files: frames of ours and of C help nobody.

local is_users = require("slipstream.frame").is_users
local nearest = require "slipstream.nearest"

local M = {}

-- Enough to see a recursion, without flooding the log.
local MOST = 20

local function describe(frame)
  local name = ("the function at line %d"):format(frame.linedefined)
  if frame.name then name = ("'%s'"):format(frame.name) end
  if frame.what == "main" then name = "the main chunk" end
  return ("\t%s:%d: in %s"):format(frame.short_src, frame.currentline, name)
end

local function users_frames(thread, level)
  local lines = {}
  while #lines < MOST do
    local frame = debug.getinfo(thread, level, "Sln")
    if not frame then break end
    if is_users(frame) then lines[#lines + 1] = describe(frame) end
    level = level + 1
  end
  return lines
end

-- Whether tostring says something of it: of a table without __tostring it has an address at best.
local function has_text(err)
  local kind = type(err)
  if kind == "string" or kind == "number" then return true end
  local meta = debug.getmetatable(err)
  return type(meta) == "table" and rawget(meta, "__tostring") ~= nil
end

local function words_of(err)
  if err == nil then return "error value is nil" end
  if not has_text(err) then return "error value is a " .. type(err) end
  local ok, text = pcall(tostring, err)
  return ok and text or "an error that cannot be shown"
end

-- The public methods of our classes, and who has them; the functions of the module `slipstream`.
local methods, functions = {}, {}

--- Tells of a class whose methods may be misspelt, or wanted of something else.
---@param class table<string, any>
---@param owner string who has them
function M.know(class, owner)
  for name, value in pairs(class) do
    if name:find "^%a" and type(value) == "function" then methods[name] = owner end
  end
end

--- Tells of the module whose functions may be called as methods.
---@param module table<string, any>
function M.know_functions(module)
  functions = module
end

-- Nil: there is no such method anywhere, nor such a function.
local function where_it_is(name)
  local places = {}
  if methods[name] then places[1] = "it is a method of " .. methods[name] end
  if type(functions[name]) == "function" then
    places[#places + 1] = ("there is slipstream.%s(…)"):format(name)
  end
  return places[1] and table.concat(places, ", and ")
end

local function add_guess(text)
  local name = text:match "attempt to call a nil value %(method '([%w_]+)'%)$"
  if not name then return text end
  local place = where_it_is(name)
  if place then return ("%s; %s"):format(text, place) end
  local guess = nearest.find(name, methods)
  return guess and ("%s; did you mean %s?"):format(text, guess) or text
end

--- An error value in words, with a guess for a method that there is not.
---@param err any
---@return string text of a value that says nothing, its type
function M.text_of(err)
  return add_guess(words_of(err))
end

---@class slipstream.Caught
---@field text string the error, in one line where it was one; of a value that says nothing, its type
---@field traceback string empty when no function of the script's was under way

local function caught(err, lines)
  if #lines > 0 then table.insert(lines, 1, "stack traceback:") end
  return { text = M.text_of(err), traceback = table.concat(lines, "\n") }
end

--- A message handler for xpcall.
---@param err any
---@return slipstream.Caught
function M.catch(err)
  return caught(err, users_frames(coroutine.running(), 3))
end

--- What xpcall answers when it has caught an error with `catch`, which want of memory, and an overflow of
-- C's stack, pass by.
---@param err any
---@return slipstream.Caught
function M.caught(err)
  return type(err) == "table" and err or caught(err, {})
end

--- Of a coroutine that has raised `err`, or yielded where it should not have.
---@param co thread
---@param err any
---@return slipstream.Caught
function M.of(co, err)
  return caught(err, users_frames(co, 0))
end

return M
