-- What is a bug in a server's script is raised where the script made it.
local loop = require "spec.support.loop"
local raw_client = require "spec.support.raw_client"
local server = require "slipstream.server"

describe("a wrong argument to the embedded server", function()
  local app, handle, client, channel, reports

  before_each(function()
    reports = {}
    app = server.new { report = function(where, text) reports[#reports + 1] = where .. ": " .. text end }
    app:channel("room:*", {
      join = function(joining)
        channel = joining
        return "ok"
      end,
      handle_in = function(_, event) return event, nil end,
    })
    handle = assert(app:listen())
    client = raw_client.open(handle.port)
    client:frame '["1","1","room:1","phx_join",{}]'
    client:take()
  end)

  after_each(function()
    client:close()
    local is_over = false
    handle:kill(function() is_over = true end)
    assert.is_true(loop.wait(function() return is_over end))
  end)

  local function check_all(cases)
    for words, call in pairs(cases) do
      local ok, text = pcall(call)
      assert.is_false(ok, words)
      assert.equal(words, text:match "^[^:]*server_misuse_spec.lua:%d+: (.*)$", text)
    end
  end

  it("is raised at the script's line, with the script's words", function()
    check_all {
      ["bad argument #1 to 'new' (table expected, got number)"] = function() server.new(5) end,
      ["bad argument #1 to 'channel' (string expected, got no value)"] = function() app:channel() end,
      ["bad argument #2 to 'channel' (table expected, got no value)"] = function() app:channel "x" end,
      ["bad argument #1 to 'listen' (table expected, got number)"] = function() app:listen(4000) end,
      ["bad argument #2 to 'broadcast' (string expected, got number)"] = function()
        app:broadcast("room:1", 5)
      end,
      ["bad argument #1 to 'push' (string expected, got no value)"] = function() channel:push() end,
      ["bad argument #2 to 'reply' (string expected, got no value)"] = function() channel:reply "1" end,
      ["bad argument #1 to 'broadcast_from' (string expected, got table)"] = function()
        channel:broadcast_from {}
      end,
      ["bad argument #1 to 'close' (integer expected, got string)"] = function() channel.socket:close "x" end,
      ["bad argument #2 to 'close' (UTF-8 expected)"] = function() channel.socket:close(1000, "\xff") end,
      ["bad argument #1 to 'stop' (function expected, got number)"] = function() handle:stop(5) end,
      ["calling 'push' on bad self (slipstream.server.channel expected, got string)"] = function()
        channel.push "x"
      end,
      ["calling 'connected' on bad self (slipstream.server.handle expected, got no value)"] = function()
        handle.connected()
      end,
    }
    assert.is_true(channel.socket.is_open)
  end)

  it("does not disconnect all who have no id", function()
    check_all {
      ["bad argument #1 to 'disconnect' (an id expected, got nil)"] = function() app:disconnect() end,
    }
    assert.equal(1, #handle:connected())
  end)

  it("may be too long for a close frame, and is cut between characters", function()
    channel.socket:close(1000, ("€"):rep(50))
    assert.equal("\x03\xe8" .. ("€"):rep(41), client:take().payload)
  end)

  it("that cannot be sent is named by its place in what was given", function()
    check_all {
      ["cannot send: payload.x: cannot encode a function"] = function() channel:push("e", { x = print }) end,
      ["cannot send: response: cannot encode a function"] = function() channel:reply("1", "ok", print) end,
      ["cannot send: event: cannot encode a string that is not UTF-8"] = function()
        app:broadcast("room:1", "\xff")
      end,
    }
  end)

  it("is a crash of the channel when it is a verdict's", function()
    client:frame '["1","2","room:1","reply",{}]'
    assert.truthy(client:text():find("phx_error", 1, true))
    local words = 'handle_in: handle_in returned "reply" with a nil where a status is expected'
    assert.equal(words, reports[1]:match "^[^\n]*")
  end)
end)
