--- `slipstream record`: stands between clients and a server, and writes down what they say.

local argument = require "slipstream.cli.argument"
local core = require "slipstream.core"
local log_options = require "slipstream.cli.log_options"
local loop = require "slipstream.cli.loop"
local recorder = require "slipstream.record.recorder"
local show = require "slipstream.show"
local signal = require "slipstream.cli.signal"
local uv = require "luv"

local M = { summary = "Record what clients and a server say to each other." }

local FAILED = 1

local function read_uri(text)
  local ok, fault = core.uri_read(text)
  if ok then return text end
  return nil, "--uri: " .. fault
end

local units = { [""] = 1, k = 1 << 10, m = 1 << 20, g = 1 << 30 }

local function read_size(text)
  local number, unit = text:lower():match "^(%d+)([kmg]?)$"
  local size = number and math.tointeger(tonumber(number))
  if size and size > 0 and size <= 1 << 30 then return size * units[unit] end
  return nil, ("--max-message: a size such as 65536, 64k or 16m expected, got %s"):format(text)
end

local epilog = [[
Clients connect to the address that is printed, in place of the server's. All goes through as it is, but
Host, which becomes the server's, and the offer of compression, which is taken out.

FILE has a line of JSON for each frame; docs/scenarios.md tells of it. Values of tokens, cookies and the
like in queries and headers are replaced; those in messages are not. SIGINT and SIGTERM end it.

Exit code: 0; 1 when it cannot listen or FILE cannot be written; 2: wrong usage.]]

function M.define(command)
  command:argument("FILE", "What to write; it is emptied first."):argname "FILE":target "file"
  command:option("--listen", "Listen on this port of 127.0.0.1, or there; 0 takes a free one.")
    :argname "[ADDRESS:]PORT":default "0":convert(argument.address("--listen", "127.0.0.1"))
  command:option("--uri", "The server: ws:// or wss://."):argname "URI":count(1):convert(read_uri)
  command:option("--ca-file", "Trust these CAs for wss, in PEM; those of the system when absent.")
    :argname "FILE":target "ca_file"
  command:option("--max-message", "Record so many bytes of a message; the rest goes through all the same.")
    :argname "SIZE":default "16m":convert(read_size)
  command:flag("--keep-secrets", "Record tokens, cookies and authorization as they are.")
  log_options.define(command)
  command:epilog(epilog)
end

local function summary_of(counts, path)
  return ("%s: %s, %s, %s"):format(path, show.count(counts.connections, "connection"),
    show.count(counts.messages, "message"), show.count(counts.bytes, "byte"))
end

--- Runs the command.
---@param options table what `define` asked for
---@return integer? code the exit code
---@return string? text
---@return integer? failure
function M.run(options)
  log_options.apply(options)
  local fault
  local it, text = recorder.open {
    uri = options.uri, path = options.file, host = options.listen.host, port = options.listen.port,
    most_bytes = options.max_message, keeps_secrets = options.keep_secrets, ca_file = options.ca_file,
    on_fault = function(why)
      fault = ("%s: %s; nothing more is recorded"):format(options.file, why)
      io.stderr:write("slipstream: ", fault, "; connections go on\n")
    end,
  }
  if not it then return nil, text, FAILED end
  signal.watch(function() it:close(uv.stop) end)
  print("recording on " .. it:uri())
  local ok, caught = loop.run()
  if not ok then return nil, caught.text, FAILED end
  print(summary_of(it.counts, options.file))
  return fault and FAILED or 0
end

return M
