--- The user's file: runs it, and tells what is wrong with it by the user's own places.

local traceback = require "slipstream.traceback"

local M = {}

local FAILED, USAGE = 1, 2

-- Names the file where Lua does not: it shows no place of bytecode, and none after a tail call.
local function with_file(path, text)
  return text:find(path, 1, true) and text or path .. ": " .. text
end

--- What an error in the file says to people. What is wrong in the main chunk itself needs no traceback.
---@param path string
---@param caught slipstream.Caught
---@return string
function M.explain(path, caught)
  local _, frames = caught.traceback:gsub("\n", "")
  return frames > 1 and caught.text .. "\n" .. caught.traceback or with_file(path, caught.text)
end

-- A script finds the files beside it.
local function add_folder_of(path)
  local folder = path:match "^(.*)/[^/]*$" or "."
  package.path = ("%s/?.lua;%s/?/init.lua;%s"):format(folder, folder, package.path)
end

-- What cannot be read is wrong usage, what is wrong inside is a failure.
--- Loads the file, and lets it find the files beside it.
---@param path string
---@return function? chunk
---@return string? text what is wrong: "file:line: cause"
---@return integer? code the exit code then: what cannot be read is wrong usage, else it is a failure
function M.load(path)
  local chunk, text = loadfile(path, "t")
  if not chunk then return nil, with_file(path, text), text:find "^cannot " and USAGE or FAILED end
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
