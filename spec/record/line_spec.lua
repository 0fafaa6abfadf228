-- Lines of recordings: what is written can be read, and what was not written by us is refused in words.
local core = require "slipstream.core"
local frame = require "slipstream.record.frame"
local line = require "slipstream.record.line"
local recording = require "spec.support.recording"

-- The line of a frame's bytes, through JSON and back.
local function through(it)
  local made
  frame.reader(1 << 20, function(told) made = line.of_frame(it.dir, told) end)
    :feed(frame.write(it, "\1\2\3\4"))
  made.conn, made.t_ms = 1, 12.34
  local text = line.write(made)
  return assert(line.read(text, true)), text
end

local bytes = { "", "plain", "wörld\0\n", "\xff\xfe", "1234", "abcd", ("é"):rep(1000), "\xc3" }

describe("a recorded line", function()
  it("gives the frame back, whatever is in it", function()
    for _, opcode in ipairs { "text", "binary", "continuation", "ping", "pong", "close", "3", "15" } do
      for _, data in ipairs(bytes) do
        for _, more in ipairs { {}, { fin = false }, { rsv = 4 }, { rsv = 3 }, { is_masked = false } } do
          local it = { dir = "c2s", opcode = opcode, data = data }
          for key, value in pairs(more) do it[key] = value end
          local back = line.to_frame((through(it)))
          local expected = frame.write(it, "\1\2\3\4")
          assert.equal(expected, frame.write(back, "\1\2\3\4"))
        end
      end
    end
  end)

  it("is what the recordings of Phoenix have", function()
    local _, text = through { dir = "c2s", opcode = "text", data = '["1","1","room:1","phx_join",{}]' }
    assert.equal('{"dir":"c2s","t_ms":12.3,"conn":1,"opcode":"text",'
      .. '"data":"[\\"1\\",\\"1\\",\\"room:1\\",\\"phx_join\\",{}]"}', text)
    _, text = through { dir = "c2s", opcode = "close", data = frame.close_payload(4000, "mine") }
    assert.truthy(text:find('"data":{"code":4000,"reason":"mine"}', 1, true))
    _, text = through { dir = "c2s", opcode = "close", data = "" }
    assert.truthy(text:find('"data":null', 1, true))
    _, text = through { dir = "c2s", opcode = "binary", data = "\0\xff" }
    assert.truthy(text:find('"data":"00ff"', 1, true))
  end)

  it("says the whole length of what was cut short, and cuts between characters", function()
    local text = line.write {
      dir = "s2c", conn = 1, t_ms = 0, opcode = "text", data = "wö\xe2\x82", len = 100,
    }
    local back = assert(line.read(text, true))
    assert.same({ "wö", 100 }, { back.data, back.len })
  end)

  it("reads all that was recorded of Phoenix", function()
    local count = 0
    for _, name in ipairs(recording.list()) do
      for text in io.lines(("%s/%s.jsonl"):format(recording.root, name)) do
        assert(line.read(text, false))
        count = count + 1
      end
    end
    assert.is_true(count > 4000)
  end)
end)

describe("a line that nobody recorded", function()
  local function fault_of(text)
    local value, fault = line.read(text, true)
    assert.is_nil(value)
    return fault
  end

  it("is refused in words", function()
    local good = { dir = "c2s", conn = 1, t_ms = 1, opcode = "text", data = "x" }
    local function with(key, value)
      local copy = {}
      for k, v in pairs(good) do copy[k] = v end
      copy[key] = value
      return assert(core.json.encode(copy))
    end
    assert.truthy(line.read(with("data", "y"), true))
    assert.equal("dir: c2s, s2c or note expected", fault_of(with("dir", "up")))
    assert.equal("conn: a name expected", fault_of(with("conn", {})))
    assert.equal("opcode: that of a frame expected", fault_of(with("opcode", "16")))
    assert.equal("opcode: that of a frame expected", fault_of(with("opcode", "txt")))
    assert.equal("fin: boolean expected", fault_of(with("fin", 1)))
    assert.equal("data: string expected", fault_of(with("data", { code = 1 })))
    assert.equal("data: hex expected", fault_of('{"dir":"c2s","conn":1,"opcode":"binary","data":"0"}'))
    assert.equal("data: hex expected", fault_of(
      '{"dir":"c2s","conn":1,"opcode":"text","hex":true,"data":"zz"}'))
    assert.equal("data: a close code expected", fault_of(
      '{"dir":"c2s","conn":1,"opcode":"close","data":{"code":1e9,"reason":""}}'))
    assert.equal("data: a reason expected", fault_of(
      '{"dir":"c2s","conn":1,"opcode":"close","data":{"code":1000}}'))
    for _, text in ipairs { "", "[]", "1", "null", '"x"', "{", '{"a":1}', ("["):rep(5000) } do
      assert.is_string(fault_of(text))
    end
  end)

  it("never raises, however a good one was spoilt", function()
    local roll = recording.dice "hostile lines"
    local good = '{"dir":"c2s","t_ms":1.5,"conn":1,"opcode":"close","fin":false,"rsv1":true,"len":5,'
      .. '"hex":true,"data":{"code":1000,"reason":"bye"}}'
    local spare = { "null", "1e999", "-1", '""', "[]", "{}", "true", '"s2c"', '"text"', '"\\u0000"', "1" }
    local refused = 0
    for _ = 1, 20000 do
      local text = good
      for _ = 1, roll(3) do
        local from = roll(#text)
        if roll(2) == 1 then
          text = text:sub(1, from - 1) .. string.char(roll(256) - 1) .. text:sub(from + 1)
        else
          text = text:gsub(':("?%w+"?)', function()
            return roll(8) == 1 and ":" .. spare[roll(#spare)] or nil
          end)
        end
      end
      local value, fault = line.read(text, roll(2) == 1)
      if not value then
        refused = refused + 1
        assert.is_string(fault)
      elseif value.dir ~= "note" and not value.header then
        frame.write(line.to_frame(value), "\1\2\3\4")
      end
    end
    assert.is_true(refused > 5000)
  end)
end)
