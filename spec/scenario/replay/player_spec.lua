-- The replay of a client's ping, to a server that keeps silent or goes.
local loop = require "spec.support.loop"
local play = require "slipstream.scenario.play"
local raw_server = require "spec.support.raw_server"
local recordings = require "slipstream.scenario.replay.recording"
local replay = require "slipstream.cli.scenario.replay"
local script = require "slipstream.script"

local REQUEST <const> = [[GET /socket HTTP/1.1\r\nHost: host\r\nUpgrade: websocket\r\n]]
  .. [[Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n]]
  .. [[Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n]]

local TALK <const> = ([[
{"conn":1,"dir":"c2s","opcode":"http","data":"REQUEST"}
{"conn":1,"dir":"s2c","opcode":"http","data":"HTTP/1.1 101 Switching Protocols\r\n\r\n"}
{"conn":1,"dir":"c2s","opcode":"ping","data":"68657265"}
{"conn":1,"dir":"s2c","opcode":"pong","data":"68657265"}
]]):gsub("REQUEST", function() return REQUEST end)

describe("the replay of a ping", function()
  -- The failure of one to a server that does this once it has heard it.
  local function failure(answer, msec)
    local server = raw_server.listen()
    local case = replay.case(assert(recordings.read("talk.jsonl", TALK)), {})
    case.await = msec
    local uri = ("ws://127.0.0.1:%d"):format(server.port)
    local playing = script.begin({}, play.run, case, { uri = uri })
    local connection = server:open()
    repeat until connection:frame().opcode == "ping"
    answer(connection)
    assert(loop.wait(function() return playing.is_over end))
    server:close()
    return playing.outcome[2].failure.text
  end

  it("fails when no pong comes in time", function()
    assert.equal("connection 1: no pong within 30 msec", failure(function() end, 30))
  end)

  it("fails when the server ends the connection instead", function()
    local text = failure(function(connection) connection:finish() end, 5000)
    assert.equal("connection 1: the server ended it instead of a pong", text)
  end)
end)
