--- The user's file: runs it, and tells what is wrong with it by the user's own places.

local traceback = require "slipstream.traceback"

local M = {}

local FAILED, USAGE = 1, 2

-- What the message says already needs no traceback: that of an error in the main chunk.
local function explain(err)
  local caught = traceback.catch(err)
  local _, lines = caught.traceback:gsub("\n", "")
  return lines < 2 and caught.text or caught.text .. "\n" .. caught.traceback
end

-- A script finds the files beside it.
local function add_folder_of(path)
  local folder = path:match "^(.*)/[^/]*$" or "."
  package.path = ("%s/?.lua;%s/?/init.lua;%s"):format(folder, folder, package.path)
end

-- What cannot be read is wrong usage, what is wrong inside is a failure.
local function load_file(path)
  local chunk, text = loadfile(path, "t")
  if chunk then return chunk end
  return nil, text, text:find "^cannot " and USAGE or FAILED
end

--- Runs the file with `args` as its one argument.
---@param path string
---@param args table
---@return true? ok
---@return any value what the file returned, or what is wrong: "file:line: cause"
---@return integer? code the exit code, when something is wrong
function M.run(path, args)
  local chunk, text, code = load_file(path)
  if not chunk then return nil, text, code end
  add_folder_of(path)
  local ok, value = xpcall(chunk, explain, args)
  if not ok then return nil, value, FAILED end
  return true, value
end

return M
