--- The user's file: runs it, and tells what is wrong with it by the user's own places.

local places = require "slipstream.place"
local source = require "slipstream.source"
local traceback = require "slipstream.traceback"

local M = {}

local FAILED, USAGE = 1, 2

-- Names the place where Lua does not: it shows none after a tail call, and none when the error is a table,
-- as a reason is. Of bytecode not even the traceback has one.
local function with_place(path, caught)
  local _, line = places.split(caught.text, path)
  if line or caught.text:find(path, 1, true) then return caught.text end
  local place = caught.traceback:match "^[^\n]*\n\t(%S+:%d+): in "
  return (place or path) .. ": " .. caught.text
end

--- What an error in the file says to people. What is wrong in the main chunk itself needs no traceback.
---@param path string
---@param caught slipstream.Caught
---@return string
function M.explain(path, caught)
  local _, frames = caught.traceback:gsub("\n", "")
  local text = with_place(path, caught)
  return frames > 1 and text .. "\n" .. caught.traceback or text
end

-- A script finds the files beside it; of a folder there may be many.
local function add_folder_of(path)
  local folder = path:match "^(.*)/[^/]*$" or "."
  local beside = ("%s/?.lua;%s/?/init.lua;"):format(folder, folder)
  if package.path:sub(1, #beside) ~= beside then package.path = beside .. package.path end
end

-- What cannot be read is wrong usage, what is wrong inside is a failure.
--- Loads the file, and lets it find the files beside it.
---@param path string
---@param text string? what is in it, where that was read already
---@return function? chunk
---@return string? text what is wrong: "file:line: cause"
---@return integer? code the exit code then: what cannot be read is wrong usage, else it is a failure
function M.load(path, text)
  local fault, chunk
  if not text then text, fault = source.read(path) end
  if not text then return nil, fault, USAGE end
  chunk, fault = source.load(text, path)
  if not chunk then
    if not fault:find(path, 1, true) then fault = path .. ": " .. fault end
    return nil, fault, FAILED
  end
  add_folder_of(path)
  return chunk
end

--- Whether a file returned an app of the embedded server.
---@param value any
---@return boolean
function M.is_app(value)
  local meta = type(value) == "table" and getmetatable(value)
  return type(meta) == "table" and meta.__name == "slipstream.server.app"
end

--- Runs the file with `args` as its one argument; it cannot wait.
---@param path string
---@param args table
---@return true? ok
---@return any value what the file returned, or what is wrong: "file:line: cause"
---@return integer? code the exit code, when something is wrong
function M.run(path, args)
  local chunk, text, code = M.load(path)
  if not chunk then return nil, text, code end
  local ok, value = xpcall(chunk, traceback.catch, args)
  if not ok then return nil, M.explain(path, value), FAILED end
  return true, value
end

return M
