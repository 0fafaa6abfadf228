-- permessage-deflate with a server that is none of ours: python3-websockets, see
-- spec/support/websockets_phoenix.py. It says what it takes to be agreed on, and fails on what is not so.
local core = require "slipstream.core"
local log = require "slipstream.log"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local witness = require "spec.support.witness"

local MiB = 1 << 20
local KEPT = 60 -- bytes; more than a message takes that is the same as the one before

-- Characters that go into half their size, and no smaller.
local function noise(size)
  local digits = {}
  for i = 1, size do digits[i] = ("%x"):format(math.random(0, 15)) end
  return table.concat(digits)
end

-- All combinations of these choices, a map of lists; false stands for nothing.
local function combinations(choices)
  local list = { {} }
  for key, values in pairs(choices) do
    local longer = {}
    for _, combination in ipairs(list) do
      for _, value in ipairs(values) do
        local copy = { [key] = value or nil }
        for k, v in pairs(combination) do copy[k] = v end
        longer[#longer + 1] = copy
      end
    end
    list = longer
  end
  return list
end

-- What is agreed on between these two, all in all.
local function agreement(offer, terms)
  local function flag(name) return offer[name] or terms[name] or false end
  local function bits(name) return math.min(offer[name] or 15, terms[name] or 15) end
  return {
    server_no_context_takeover = flag "server_no_context_takeover",
    client_no_context_takeover = flag "client_no_context_takeover",
    server_max_window_bits = bits "server_max_window_bits",
    client_max_window_bits = bits "client_max_window_bits",
  }
end

describe("compress #wire", function()
  local server, client, former

  before_each(function() former = log.set_sink(function() end) end)

  after_each(function()
    if client then client:stop() end
    core.host():close()
    program.clean_up()
    assert.is_true(loop.is_empty())
    log.set_sink(former)
  end)

  -- A server for each of these terms; answers their URIs.
  local function serve(list)
    local arguments = { "spec/support/websockets_phoenix.py" }
    for _, terms in ipairs(list) do arguments[#arguments + 1] = core.json.encode(terms) end
    server = program.start(arguments, { path = "/usr/bin/python3" })
    local uris = {}
    for i = 1, #list do
      uris[i] = ("ws://127.0.0.1:%d/socket/websocket"):format(server:read("port"):match "%d+")
    end
    return uris
  end

  -- A client in room:1 of a server with these terms.
  local function open(terms, compress, config)
    local all = { uri = serve({ terms })[1], compress = compress or true }
    for key, value in pairs(config or {}) do all[key] = value end
    client = witness.join(all)
  end

  local function assert_echo(text, event)
    local status, response = client:ask(event or "echo", { text = text })
    assert.equal("ok", status)
    assert.is_true(response.text == text, "another text came back")
  end

  -- A window would be used for a text that comes twice in a message, a context for the same message again. It
  -- is right behind the first one: once all is sent our side puts away what it is not to use.
  local function assert_agreed(expected)
    local _, response = client:ask("terms", {})
    assert.same(expected, response.terms)
    local text = noise(1500)
    text = text .. text
    for _ = 1, 2 do assert(client.socket:push("room:1", "echo", { text = text })) end
    for _ = 1, 2 do
      local _, status, echo = client:expect "handle_reply"
      assert.same({ "ok", text }, { status, echo.text })
    end
  end

  describe("with a server that agrees to everything", function()
    it("is on the terms that were offered, whichever they are", function()
      local uri = serve({ {} })[1]
      for _, offer in ipairs(combinations {
        server_no_context_takeover = { false, true }, client_no_context_takeover = { false, true },
        server_max_window_bits = { false, 9, 14 }, client_max_window_bits = { false, 9, 14 },
      }) do
        client = witness.join { uri = uri, compress = offer }
        assert_agreed(agreement(offer, {}))
        client:stop()
      end
    end)
  end)

  describe("with a server that has terms of its own", function()
    it("is on the narrower ones of both", function()
      local list = combinations {
        server_no_context_takeover = { false, true }, client_no_context_takeover = { false, true },
        server_max_window_bits = { false, 10 }, client_max_window_bits = { false, 10 },
      }
      local offers = { {}, { server_max_window_bits = 9, client_max_window_bits = 9 },
        { server_max_window_bits = 12, client_max_window_bits = 12 } }
      for i, uri in ipairs(serve(list)) do
        for _, offer in ipairs(offers) do
          client = witness.join { uri = uri, compress = offer }
          assert_agreed(agreement(offer, list[i]))
          client:stop()
        end
      end
    end)
  end)

  it("is off with a server that does not know it", function()
    open(core.null)
    local _, response = client:ask("terms", {})
    assert.equal(core.null, response.terms)
    assert_echo(noise(1500))
  end)

  it("refuses a server that asks for a window of 8 bits, in words", function()
    client = witness.start { uri = serve({ { client_max_window_bits = 8 } })[1], compress = true }
    local reason = client:expect_reason("connect_failed", "upgrade")
    assert.matches("a window of 8 bits, which zlib cannot compress for", tostring(reason), 1, true)
  end)

  it("carries messages of any size both ways", function()
    open {}
    local most = noise(1 << 16):rep(MiB >> 16)
    for _, size in ipairs { 0, 1, 255, 256, 257, 65535, 65536, MiB } do
      assert_echo(most:sub(1, size))
      assert_echo(("x"):rep(size))
    end
  end)

  it("reads a message that comes in fragments", function()
    open {}
    for _ = 1, 3 do assert_echo(noise(1500), "in_fragments") end
  end)

  -- Echoes the same text many times; answers how many bytes went out and came in for one.
  local function bytes_for_one(text)
    local count <const> = 100
    local before = client.socket:stats()
    for _ = 1, count do assert_echo(text) end
    local after = client.socket:stats()
    return (after.bytes_out - before.bytes_out) // count, (after.bytes_in - before.bytes_in) // count
  end

  describe("over many messages", function()
    it("sends next to nothing for what was said before", function()
      open {}
      local out, back = bytes_for_one(noise(1000))
      assert.is_true(out < KEPT and back < KEPT, ("%d and %d"):format(out, back))
    end)

    it("sends all of it again in the direction that keeps no context", function()
      open({}, { client_no_context_takeover = true })
      local out, back = bytes_for_one(noise(1000))
      assert.is_true(out > 500 and back < KEPT, ("%d and %d"):format(out, back))
      client:stop()
      open({}, { server_no_context_takeover = true })
      out, back = bytes_for_one(noise(1000))
      assert.is_true(out < KEPT and back > 500, ("%d and %d"):format(out, back))
    end)

    it("sends again what the window does not reach", function()
      open({}, { client_max_window_bits = 9 })
      local out, back = bytes_for_one(noise(1000))
      assert.is_true(out > 500 and back < KEPT, ("%d and %d"):format(out, back))
    end)
  end)

  describe("with a message that is too big as it is decompressed", function()
    it("ends the connection, and says so", function()
      open({}, true, { max_message_bytes = 100000 })
      client:ask("big", { n = 90000 })
      client.socket:push("room:1", "big", { n = 3 * MiB })
      assert.equal("a message was larger than max_message_bytes: a compressed message over the limit",
        tostring(client:expect_reason "message_too_big"))
      assert.equal("closed 1009 a compressed message over the limit", server:read "closed")
      client:expect_recovery()
    end)

    it("is told when it was ours", function()
      open {}
      client.socket:push("room:1", "echo", { text = ("x"):rep(5 * MiB) })
      assert.equal("closed by the server with 1009: a message was too big for it",
        tostring(client:expect_reason "closed_by_remote"))
    end)
  end)

  describe("at the end", function()
    it("closes in good order when the client asks for it", function()
      open {}
      assert_echo(noise(1500))
      client.socket:disconnect(4000, "done")
      client:expect_reason "closed_by_client"
      assert.equal("closed 4000 done", server:read "closed")
    end)

    it("closes in good order when the server asks for it", function()
      open {}
      client.socket:push("room:1", "close", { code = 4001, reason = "enough" })
      assert.equal("closed by the server with 4001: enough",
        tostring(client:expect_reason "closed_by_remote"))
      assert.equal("closed 4001 ", server:read "closed")
    end)
  end)
end)
