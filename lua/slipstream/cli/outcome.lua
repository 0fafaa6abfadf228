--- Outcome: what is wrong with the file and its clients, in words for people, and the exit code.

local client_modules = require "slipstream.client"
local file = require "slipstream.cli.script"
local slipstream = require "slipstream"
local worker = require "slipstream.worker"

local M = {}

local FAILED, USAGE = 1, 2

local NO_URI = "no --uri was given"

--- The clients that have not ended.
---@return slipstream.Client[]
function M.clients()
  local list = {}
  for _, client in ipairs(slipstream.clients()) do
    local status = client:status()
    if status ~= "ended" and status ~= "gave_up" then list[#list + 1] = client end
  end
  return list
end

-- The file.

-- What a config without `uri` and a script that needs `args.uri` say.
local function lacks_uri(reason)
  local text = tostring(reason)
  return text:find("uri: needed", 1, true) or text:find("field 'uri'", 1, true)
end

--- What an error in the file says to people.
---@param options table
---@param caught slipstream.Caught
---@return string
function M.explain(options, caught)
  local text = file.explain(options.file, caught)
  if options.uri == nil and lacks_uri(caught.text) then return text .. "\n" .. NO_URI end
  return text
end

--- What is wrong with what the file returned; nil when nothing is.
---@param value any
---@param options table
---@return string? text, integer? code the exit code
function M.fault_of(value, options)
  local path = options.file
  if value == nil and options.clients > 1 then
    return ("--clients: %s returned no client module that could be started %d times"):format(path,
      options.clients), USAGE
  elseif value == nil or slipstream.is_client(value) then
    return nil
  elseif file.is_app(value) then
    return ("%s: returned a server app; run it with `slipstream serve %s`"):format(path, path), FAILED
  end
  local text = "%s: returned a %s; return a client module, made by slipstream.client(), or nothing"
  return text:format(path, type(value)), FAILED
end

-- Its clients.

---@class slipstream.cli.Ends
---@field count integer
---@field has_failed boolean?
---@field lacks_uri boolean?

--- Counts the ends of clients from now on, and keeps what is wrong about them.
---@return slipstream.cli.Ends
function M.watch()
  local ends = { count = 0 }
  slipstream.watch(function(_, reason, is_failure)
    ends.count = ends.count + 1
    if not is_failure then return end
    ends.has_failed = true
    ends.lacks_uri = ends.lacks_uri or lacks_uri(reason)
  end)
  return ends
end

-- The module of the file is hosted, but with nothing to do and nothing to come.
local function never_connected(module)
  for _, client in ipairs(M.clients()) do
    if client:_never_connected(module) then return client end
  end
end

local function failed(options, ends)
  if options.uri == nil and ends.lacks_uri then return nil, NO_URI, FAILED end
  return FAILED
end

-- A module was made for nothing. Of several workers, one alone may start what all have made.
local function is_unused(ends, value)
  if value ~= nil or worker.count > 1 or client_modules.count() == 0 then return false end
  return ends.count == 0 and #slipstream.clients() == 0
end

--- What the command answers when all is done.
---@param options table
---@param ends slipstream.cli.Ends
---@param value any what the file returned
---@return integer? code, string? text, integer? failure
function M.result(options, ends, value)
  if ends.has_failed then return failed(options, ends) end
  if is_unused(ends, value) then
    local text = "%s: made a client module, but neither returned it nor started it; "
      .. "end the file with `return Lobby`, or whatever its name is"
    return nil, text:format(options.file), FAILED
  end
  local client = never_connected(value)
  if not client then return 0 end
  local text = "%s never connected; write assert(self:connect { … }) in its init to see why"
  return nil, text:format(client), FAILED
end

return M
