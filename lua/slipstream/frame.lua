--- Frames of the stack: which are the script's own, and from where a script called us.

local M = {}

-- "@slipstream/" inside the program, "@some/folder/slipstream/" elsewhere.
local OWN = debug.getinfo(1, "S").source:match("^(.*slipstream/)frame%.lua$") or "@slipstream/"

local function is_own(frame)
  return frame.source:sub(1, #OWN) == OWN
end

--- Whether a frame is of luassert, which tests and scenarios assert with, and which is no file of the user's.
---@param frame table
---@return boolean
function M.is_luassert(frame)
  return frame.source:find "[@/]luassert/[%l/]+%.lua$" ~= nil
end

--- Whether a frame, with what "Sl" asks for, is of a Lua file of the user's.
---@param frame table
---@return boolean
function M.is_users(frame)
  return frame.currentline > 0 and not is_own(frame) and not M.is_luassert(frame)
end

--- Where a function of a script begins: "chat.lua:7".
---@param func any
---@return string? place nil when it is ours, C's or no function
function M.place_of(func)
  local frame = type(func) == "function" and debug.getinfo(func, "S")
  if not frame or frame.what == "C" or is_own(frame) then return nil end
  return ("%s:%d"):format(frame.short_src, frame.linedefined)
end

local function key_of(functions, func)
  for name, value in pairs(functions) do
    if value == func then return name end
  end
end

-- The name of a function of ours that a tail call has left without one: a module has it, or a class of one.
local function find_name(func)
  for module, functions in pairs(package.loaded) do
    if type(functions) == "table" and module:find("^slipstream") then
      local name = key_of(functions, func)
      for _, class in pairs(name and {} or functions) do
        name = name or type(class) == "table" and key_of(class, func)
      end
      if name then return name end
    end
  end
end

--- The level of who called us, as `error` in the calling function wants it, and the name of what was
-- called. The level is 0, which adds no place, when a tail call has left no frame of who did.
---@return integer level, string name
function M.caller()
  local level, outermost = 2, nil
  repeat
    local frame = debug.getinfo(level, "nSft")
    local is_ours = is_own(frame)
    if not (is_ours or M.is_luassert(frame)) then break end
    outermost, level = is_ours and frame or outermost, level + 1
  until frame.istailcall
  local name = outermost.name
  if not name or name == "?" then name = find_name(outermost.func) end -- "?": by a key that is no constant
  return outermost.istailcall and 0 or level - 1, name or "?"
end

return M
