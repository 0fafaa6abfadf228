-- What was recorded of real Phoenix servers is replayed to the embedded one, as `slipstream scenario --from`
-- does it, and written as a scenario, which is played. The embedded server does as Phoenix 1.8 on Cowboy
-- does, so what other servers did otherwise must be found; and what no replay can do must be said.
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local phoenix_app = require "spec.support.phoenix_app"
local program = require "spec.support.program"
local recording = require "spec.support.recording"
local replayed = require "spec.support.replayed"
local slipstream = require "slipstream"

local AWAIT = 400 -- msec; what is expected not to come takes so long

-- What servers are, by the first part of the path.
local settings = { socket = {}, small = { max_message_bytes = 65536 }, short = { idle_timeout_msec = 100 } }

-- Of a server's own making, and those of presences are as random as Phoenix's.
local IGNORED = { "connect_info", "phx_ref", "phx_ref_prev" }

local CUT_SHORT = "it was cut short, so it cannot be sent"
local NOTHING = "nothing within 400 msec"
local NO_SOCKET = "/status is 404, it was 200"
local COMPRESSED = "it cannot be replayed: it was compressed, which nobody can compare"
local REASON = '/payload/reason is "channel_crash", it was nothing'

-- By the scenario: what a replay cannot do, or the embedded server does not.
local of_all = {
  big_push = CUT_SHORT, frame_too_big = CUT_SHORT, compress = COMPRESSED,
  longpoll = NO_SOCKET, longpoll_errors = NO_SOCKET,
  server_sigkill = NOTHING, server_sigterm = NOTHING, -- nobody ends the server
  idle_timeout_60s = NOTHING, idle_timeout_short_server_busy = '/close is {"code":1000,"reason":""}, '
    .. "it was nothing", -- nobody makes it busy
  presence = NOTHING, -- nobody breaks a connection
  reserved_bits = '/close/reason is "bad opc', unmasked = NOTHING, -- libwebsockets, see server_spec.lua
}

local of_bandit = {
  idle_timeout_short = "/close/code is 1000, it was 1002",
  client_close_codes = "/close/code is nothing, it was 1000",
  connect_rejected = NOTHING, -- Bandit ends the connection after a 500
}

-- Phoenix 1.7 says no reason of a crash, and closes with 1000 where 1.8 does with 1001.
local of_1_7 = {
  binary_empty_refs = NOTHING, binary_reply_long_ref = REASON, channel_crash = REASON,
  channel_killed = REASON, channel_stop_error = REASON, connect_subprotocol = "/status is 403, it was 101",
  disconnect_broadcast = "/close/code is 1001, it was 1000",
  disconnect_broadcast_no_answer = "/close/code is 1001, it was 1000", join_duplicate = NOTHING,
  leave_rejoin_pipelined = '/join_ref is "1", it was "3"', long_topic = REASON, push_odd_refs = NOTHING,
  unknown_event = REASON, vsn1 = REASON, vsn1_binary = REASON,
}

local of_js_1_7 = {
  js_channel_crash_rejoins = REASON,
  js_disconnect_broadcast_reconnects = "/close/code is 1001, it was 1000",
}

local by_folder = {
  ["phoenix-1.8.12-cowboy"] = {}, ["phoenix-1.8.12-bandit"] = { of_bandit },
  ["phoenix-1.7.24-cowboy"] = { of_1_7 },
  ["phoenix-1.7.24-bandit"] = { of_1_7, of_bandit, { unmasked = false } },
  ["phoenix.js-1.8.16/cowboy"] = { of_js_1_7, { js_basic = "/close is nothing" } },
  ["phoenix.js-1.8.16/bandit"] = { of_js_1_7, { js_basic = "/close" } },
  ["phoenix.js-1.8.16/phx18-bandit"] = { { js_basic = "/close/code is nothing, it was 1000" } },
}

-- What a scenario made of it fails of: the same that nobody does or has.
local of_emitted = {
  server_sigkill = "did not end", server_sigterm = "did not end", idle_timeout_60s = "did not end",
  idle_timeout_short_server_busy = "closed by the server with 1000",
  presence = "nothing that matches within", -- nor breaks a connection
}

local function expected_of(folder, scenario)
  local expected = of_all[scenario]
  for _, known in ipairs(by_folder[folder]) do
    if known[scenario] ~= nil then expected = known[scenario] end
  end
  return expected or "passed"
end

describe("a replay to the embedded server #wire", function()
  local server, sink

  before_each(function() sink = slipstream.log.set_sink(function() end) end)

  after_each(function()
    local is_gone = false
    server:kill(function() is_gone = true end)
    assert.is_true(loop.wait(function() return is_gone end))
    core.host():close()
    program.clean_up()
    assert.is_true(loop.is_empty())
    slipstream.log.set_sink(sink)
  end)

  -- A server for a recording; answers its URI, without a path.
  local function serve(name)
    local first = recording.lines(name)[1].data:match "^%S+ /(%w+)/" or "socket"
    local own = { path = ("/%s/websocket"):format(first) }
    for key, value in pairs(settings[first] or {}) do own[key] = value end
    server = assert(phoenix_app.new(own):listen {})
    return "ws://127.0.0.1:" .. server.port, own.path
  end

  for _, name in ipairs(recording.list()) do
    local folder, scenario = name:match "^(.*)/(.*)$"
    local path = ("%s/%s.jsonl"):format(recording.root, name)
    local expected = expected_of(folder, scenario)

    it(("of %s ends with: %s"):format(name, expected), function()
      local options = { await = AWAIT, ignored = IGNORED }
      local words = replayed.words(replayed.run(path, serve(name), options))
      assert.truthy(words:find(expected, 1, true), words)
    end)

    it(("of %s can be written as a scenario"):format(name), function()
      local uri, own_path = serve(name)
      local lua, fault = replayed.emit(path, IGNORED)
      if scenario == "compress" then return assert.truthy(fault:find "compressed") end
      local words = replayed.words(replayed.play(lua, uri .. own_path, AWAIT))
      assert.truthy(words:find(of_emitted[scenario] or "passed", 1, true), words .. "\n" .. lua)
    end)
  end
end)
