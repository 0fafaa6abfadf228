--- Recorder: listens, passes all on to a server, and writes down what both sides say: the proxy of
-- `slipstream.faults` without a fault, whose pipes a conversation listens in to.

local Proxy = require "slipstream.faults.proxy"
local conversation = require "slipstream.record.conversation"
local core = require "slipstream.core"
local files = require "slipstream.record.file"
local line = require "slipstream.record.line"
local log = require "slipstream.log"
local redact = require "slipstream.record.redact"
local targets = require "slipstream.record.target"
local uv = require "luv"

---@class slipstream.Recorder
---@field counts { connections: integer, messages: integer, bytes: integer } so far
local Recorder = {}
Recorder.__index = Recorder

local M = {}

---@class slipstream.RecorderOptions
---@field uri string of the server
---@field path string of the file
---@field host string where it listens
---@field port integer
---@field most_bytes integer of a message that are recorded
---@field keeps_secrets boolean?
---@field ca_file string? for wss
---@field on_fault fun(text: string) the file cannot be written any more

-- Of these the recording's frames are the messages; a fragment that begins one counts for it.
local is_message = { text = true, binary = true }

local function tell(recorder, number, it)
  if is_message[it.opcode] then recorder.counts.messages = recorder.counts.messages + 1 end
  it.conn, it.t_ms = number, (uv.hrtime() - recorder.began) / 1e6
  recorder.file:append(line.write(it))
end

-- What the proxy has to say.

local function began(recorder, connection)
  recorder.counts.connections = recorder.counts.connections + 1
  local talk = conversation.new {
    authority = recorder.target.authority, most = recorder.options.most_bytes,
    keeps_secrets = recorder.options.keeps_secrets,
    tell = function(it) tell(recorder, connection.number, it) end,
  }
  recorder.talks[connection] = talk
  for _, way in ipairs { "up", "down" } do
    connection[way]:corrupt(function(bytes)
      recorder.counts.bytes = recorder.counts.bytes + #bytes
      return talk[way]:hear(bytes)
    end)
  end
end

local function dried(recorder, connection, pipe, err)
  local talk = recorder.talks[connection]
  talk[pipe == connection.up and "up" or "down"]:finish(err ~= nil)
end

local function ended(recorder, connection)
  recorder.talks[connection] = nil
  if connection.outcome ~= "unreachable" then return end
  local text = "the server cannot be reached: " .. targets.explain(recorder.target, connection.fault)
  tell(recorder, connection.number, { dir = "note", opcode = "note", data = text })
  log.warn(text)
end

local function header(options)
  return ('{"header":true,"recorder":"slipstream %s","uri":%s,"recorded":"%s"}'):format(core.version,
    core.json.encode(redact.uri(options.uri)), os.date "!%Y-%m-%dT%H:%M:%SZ")
end

--- Opens the file and listens.
---@param options slipstream.RecorderOptions
---@return slipstream.Recorder? recorder, string? err
function M.open(options)
  local to, text = targets.new(options.uri, options.ca_file)
  if not to then return nil, text end
  local self = setmetatable({
    options = options, target = to, talks = {}, counts = { connections = 0, messages = 0, bytes = 0 },
    began = uv.hrtime(),
  }, Recorder)
  self.proxy, text = Proxy.open(to, options.host, options.port, 0, {
    began = function(connection) began(self, connection) end,
    dried = function(...) dried(self, ...) end,
    ended = function(connection) ended(self, connection) end,
  })
  if not self.proxy then return nil, text end
  self.file, text = files.open(options.path, options.on_fault)
  if not self.file then
    self.proxy:close()
    return nil, text
  end
  self.file:append(header(options))
  return self
end

--- Where it listens, as a URI for clients.
---@return string
function Recorder:uri() return self.proxy:uri(self.target.path) end

--- Cuts all connections, and tells when all is written.
---@param closed fun()
function Recorder:close(closed)
  self.proxy:close()
  self.file:close(closed)
end

return M
