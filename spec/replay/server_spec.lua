-- What clients said to Phoenix 1.8.12 on Cowboy is said to our embedded server, which must answer the
-- same frames in the same order. Recorded times are passed over: the next frame of the client goes out
-- when all that was answered before it has come.
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local phoenix_app = require "spec.support.phoenix_app"
local raw_client = require "spec.support.raw_client"
local recording = require "spec.support.recording"
local ws = require "spec.support.ws"

local recorded = "phoenix-1.8.12-cowboy"
local idle_msec = 200

local not_applicable = {
  compress = "permessage-deflate is off in the embedded server",
  compress_params = "permessage-deflate is off in the embedded server",
  longpoll = "no long polling",
  longpoll_errors = "no long polling",
  reserved_bits = "libwebsockets closes 1002 with a text, and waits for the answer before it ends TCP",
  unmasked = "libwebsockets accepts unmasked frames",
}

local function each_scenario()
  local names = {}
  for _, name in ipairs(recording.list()) do
    local folder, scenario = name:match "^(.*)/(.*)$"
    if folder == recorded then names[#names + 1] = scenario end
  end
  return ipairs(names)
end

local function payload_of(step)
  if step.opcode ~= "close" then return step.data end
  return step.data and ws.close_payload(step.data.code, step.data.reason) or ""
end

local function frame_of(step)
  return ws.frame {
    opcode = tonumber(step.opcode) or step.opcode, payload = payload_of(step), mask = true,
    fin = step.fin ~= false,
  }
end

-- One name for how TCP ended, and what of an answer must be the same.
local compared = { "sec-websocket-protocol", "location", "retry-after" }

local function summary_of_http(head, body)
  local summary = { status = head.status, body = head.status ~= 500 and body or nil }
  for _, name in ipairs(compared) do summary[name] = head.headers[name] end
  return summary
end

-- A megabyte of one letter by its length, so that a failure can be read.
local function shorten(value)
  if type(value) == "string" and #value > 1000 and value == value:sub(1, 1):rep(#value) then
    return ("%d times %s"):format(#value, value:sub(1, 1))
  elseif type(value) == "table" then
    for key, inner in pairs(value) do value[key] = shorten(inner) end
  end
  return value
end

-- The refs of presences are as random as Phoenix's.
local function without_refs(value)
  for key, inner in pairs(value) do
    if key == "phx_ref" or key == "phx_ref_prev" then value[key] = type(inner) end
    if type(inner) == "table" then without_refs(inner) end
  end
  return value
end

-- connect_info is Elixir's own print; of it we have the token.
local function comparable(text)
  local value = shorten(assert(core.json.decode(text)))
  local payload = value[5]
  local response = type(payload) == "table" and payload.response
  if type(response) == "table" and response.connect_info then
    response.connect_info = response.connect_info:match 'auth_token: "([^"]*)"'
  end
  return without_refs(value)
end

local function expected(step)
  if step.opcode == "http" then
    local head, body = ws.read_head(step.data)
    return summary_of_http(head, body)
  elseif step.opcode == "eof" or step.opcode == "rst" then
    return "eof"
  elseif step.opcode == "text" then
    return comparable(step.data)
  end
  return { step.opcode, payload_of(step) }
end

local function actual(item)
  if not item then return "nothing came" end
  if item.kind == "http" then return summary_of_http(item.head, item.body) end
  if item.kind == "eof" then return "eof" end
  if item.opcode == "text" then return comparable(item.payload) end
  return { item.opcode, item.payload }
end

-- The servers of one scenario, opened when a path asks for one.
local function open_servers(options)
  local settings = {
    socket = options, small = { max_message_bytes = 65536 }, short = { idle_timeout_msec = idle_msec },
  }
  local servers = {}
  function servers.of(path)
    local name = path:match "^/(small)/" or path:match "^/(short)/" or "socket"
    if not servers[name] then
      local own = { path = ("/%s/websocket"):format(name) }
      for key, value in pairs(settings[name] or {}) do own[key] = value end
      local app = phoenix_app.new(own)
      servers[name] = { app = app, handle = assert(app:listen {}) }
    end
    return servers[name]
  end
  return servers
end

-- What the recorder did beside speaking.
local function keep_pushing(servers)
  local app = servers.of("/short/").app
  for _ = 1, 8 do app:broadcast("room:1", "keep", {}) end
end

local hooks = {
  idle_timeout_60s = { options = { idle_timeout_msec = idle_msec } },
  idle_timeout_short_server_busy = {
    after = function(step, servers)
      if step.dir == "s2c" and step.opcode == "text" and step.data:find("phx_reply", 1, true) then
        keep_pushing(servers)
      end
    end,
  },
  presence = {
    after = function(step, _, conns)
      if step.data == "c closed its TCP connection without a close frame" then conns.c:close() end
    end,
  },
  server_sigterm = {
    -- Phoenix left sockets without a channel alone until it exited, and the end was bare; ours says
    -- 1000 first, as Phoenix on Bandit does.
    edit = function(steps)
      for i, step in ipairs(steps) do
        if step.conn == "idle_no_channel" and step.opcode == "eof" then
          table.insert(steps, i, { dir = "s2c", conn = step.conn, opcode = "close", data = { code = 1000 } })
          return
        end
      end
    end,
    after = function(step, servers)
      if step.data == "server gets SIGTERM" then servers.socket.handle:stop() end
    end,
  },
  server_sigkill = {
    after = function(step, servers)
      if step.data == "server gets SIGKILL" then servers.socket.handle:kill() end
    end,
  },
}

local play = {}

function play.c2s(step, conns, servers)
  if step.opcode ~= "http" then return conns[step.conn]:send(frame_of(step)) end
  local handle = servers.of(step.data:match "^%S+ (%S+)").handle
  conns[step.conn] = conns[step.conn] or raw_client.dial(handle.port)
  conns[step.conn]:send(step.data)
end

function play.s2c(step, conns)
  assert.same(expected(step), actual(conns[step.conn]:take()))
end

-- Nothing may have come that was not recorded.
local function check_silence(conns)
  for _, client in pairs(conns) do
    if client.is_open and #client.items == 0 then assert.same({}, client:drain()) end
    client:close()
  end
end

local function close_servers(servers)
  local count = 0
  for _, server in pairs(servers) do
    if type(server) == "table" then
      count = count + 1
      server.handle:kill(function() count = count - 1 end)
    end
  end
  assert.is_true(loop.wait(function() return count == 0 end))
end

local function replay(name)
  local hook = hooks[name] or {}
  local steps, conns, servers = recording.lines(recorded .. "/" .. name), {}, open_servers(hook.options)
  if hook.edit then hook.edit(steps) end
  for i, step in ipairs(steps) do
    local is_ok, err = pcall(play[step.dir] or function() end, step, conns, servers)
    if not is_ok then error(("step %d of %s: %s"):format(i, name, tostring(err.message or err)), 0) end
    if hook.after then hook.after(step, servers, conns) end
  end
  check_silence(conns)
  close_servers(servers)
end

describe("the embedded server answers as Phoenix 1.8.12 on Cowboy:", function()
  for _, name in each_scenario() do
    if not not_applicable[name] then
      it(name, function() replay(name) end)
    end
  end
end)

describe("the list of what does not apply", function()
  it("names only scenarios that were recorded", function()
    local names = {}
    for _, name in each_scenario() do names[name] = true end
    for name in pairs(not_applicable) do assert.is_true(names[name], name) end
  end)
end)
