-- The reader and writer of frames, against the specs' own (spec/support/ws.lua).
local frame = require "slipstream.record.frame"
local recording = require "spec.support.recording"
local ws = require "spec.support.ws"

local MOST = 100000

-- What a reader makes of pieces: the frames it tells, and what is left.
local function read(pieces, most)
  local told, rest = {}, nil
  local reader = frame.reader(most or MOST, function(it) told[#told + 1] = it end)
  for _, piece in ipairs(pieces) do rest = rest or reader:feed(piece) end
  return told, rest, reader
end

local frames = {
  { payload = "hello", mask = true },
  { payload = "hello" },
  { opcode = "continuation", payload = ("wörld"):rep(50), fin = false, mask = true },
  { opcode = "binary", payload = ("\0\xff"):rep(40000), mask = "\1\2\3\4" },
  { opcode = "close", payload = ws.close_payload(4000, "mine"), mask = true },
  { opcode = "ping", payload = "", mask = true },
  { opcode = 3, payload = "reserved", rsv = 5 },
  { payload = "long for its size", length_form = 64 },
}

local function stream_of(list)
  local parts = {}
  for i, it in ipairs(list) do parts[i] = ws.frame(it) end
  return table.concat(parts)
end

describe("the reader of frames", function()
  it("tells each as it is on the wire", function()
    local told = read { stream_of(frames) }
    assert.equal(#frames, #told)
    for i, it in ipairs(frames) do
      local fin, rsv = it.fin ~= false, it.rsv or 0
      local expected = {
        opcode = tostring(it.opcode or "text"), fin = fin, rsv = rsv, is_masked = it.mask ~= nil,
        size = #it.payload, data = it.payload,
      }
      assert.same(expected, told[i])
    end
  end)

  it("reads the same wherever the bytes are cut", function()
    local bytes = stream_of(frames)
    local whole = read { bytes }
    for seed = 1, 50 do
      assert.same(whole, (read(recording.cut(bytes, recording.dice("cut " .. seed)))))
    end
  end)

  it("keeps the beginning of what is too long, and goes on behind it", function()
    local told = read({ stream_of { { payload = ("x"):rep(1000), mask = true }, { payload = "next" } } }, 10)
    assert.same({ ("x"):rep(10), 1000 }, { told[1].data, told[1].size })
    assert.equal("next", told[2].data)
  end)

  it("holds no more of a message than it keeps", function()
    local reader = frame.reader(1 << 10, function() end)
    local piece = ("x"):rep(1 << 16)
    reader:feed(ws.frame({ payload = "", length = 64 << 20, length_form = 64 }))
    collectgarbage()
    local before = collectgarbage "count"
    for _ = 1, 512 do reader:feed(piece) end
    collectgarbage()
    assert.is_true(collectgarbage "count" - before < 64)
  end)

  it("gives back what has a length of more than 63 bits, with what follows", function()
    local good, bad = ws.frame { payload = "good" }, "\x81\x7f\x80\0\0\0\0\0\0\0 and more"
    local told, rest, reader = read { good .. bad }
    assert.equal(1, #told)
    assert.equal(bad, rest)
    assert.equal("a frame of more than 63 bits of length", reader.fault)
  end)

  it("says what is missing at the end", function()
    local bytes = ws.frame { payload = "hello", mask = true }
    local _, _, reader = read { bytes:sub(1, -3) }
    assert.same({ "hel", "the end came within a frame (text): 3 of 5 bytes" }, { reader:rest() })
    _, _, reader = read { bytes:sub(1, 4) }
    assert.same({ bytes:sub(1, 4), "the end came within the header of a frame" }, { reader:rest() })
    _, _, reader = read { bytes }
    assert.is_nil(reader:rest())
  end)
end)

describe("the writer of frames", function()
  it("writes what the reader reads", function()
    for _, size in ipairs { 0, 1, 125, 126, 65535, 65536 } do
      for _, it in ipairs { {}, { fin = false, rsv = 4 }, { is_masked = false }, { opcode = "11" } } do
        it.opcode, it.data = it.opcode or "binary", ("é"):rep(size):sub(1, size)
        local told = read { frame.write(it, "\x12\x34\x56\x78") }
        local expected = {
          opcode = it.opcode, fin = it.fin ~= false, rsv = it.rsv or 0, is_masked = it.is_masked ~= false,
          size = size, data = it.data,
        }
        assert.same({ expected }, told)
      end
    end
  end)
end)
