local outputs = require "slipstream.scenario.outputs"
local scenario_run = require "spec.support.scenario_run"

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

-- As the runner tells them: functions.
local function play(opened)
  for _, output in ipairs(opened) do
    scenario_run.play(setmetatable({}, { __index = function(_, event)
      return output[event] and function(_, what) return output[event](what) end
    end }), { scenario_run.passed, scenario_run.failed })
  end
end

describe("the outputs of a run", function()
  local folder

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
  end)

  after_each(function()
    for _, name in ipairs { ".tap", ".json", ".txt" } do os.remove(folder .. name) end
  end)

  it("are written to files, several at once", function()
    local opened = assert(outputs.open({
      { format = "tap", file = folder .. ".tap" }, { format = "json", file = folder .. ".json" },
    }, { now = 0 }))
    play(opened)
    assert.is_true(opened:close())
    assert.matches("^TAP version 13\n1..2\nok 1 .*\nnot ok 2 .*  %.%.%.\n$", read(folder .. ".tap"))
    assert.matches('^{"event":"begun".*{"event":"finished"[^\n]*}\n$', read(folder .. ".json"))
  end)

  it("are there line by line while the run lasts", function()
    local opened = assert(outputs.open({ { format = "tap", file = folder .. ".tap" } }, { now = 0 }))
    opened[1].begun { count = 2 }
    opened[1].ended(scenario_run.passed)
    assert.matches("\nok 1 %- two users hear each other\n", read(folder .. ".tap"))
    assert.is_nil(opened[1].started)
    assert.is_true(opened:close())
  end)

  it("have no colours in files, whatever the terminal can do", function()
    local terminal = { is_terminal = true, color = true, unicode = true, now = 0 }
    local opened = assert(outputs.open({ { format = "pretty", file = folder .. ".txt" } }, terminal))
    play(opened)
    opened:close()
    local text = read(folder .. ".txt")
    assert.matches("\n✓ two users hear each other\n", text)
    assert.is_nil(text:find "[\27\r]")
  end)

  it("let something else write at once when none of them is on a terminal", function()
    local wanted = { { format = "pretty", file = folder .. ".txt" } }
    local opened = assert(outputs.open(wanted, { is_terminal = true }))
    local has_written
    opened:aside(function() has_written = true end)
    assert.is_true(has_written)
    assert.is_true(opened:close())
    assert.equal("", read(folder .. ".txt"))
  end)

  it("are not opened when a file cannot be, which is said", function()
    local opened, text = outputs.open({
      { format = "tap", file = folder .. ".tap" }, { format = "junit", file = folder .. "/no/such.xml" },
    }, { now = 0 })
    assert.is_nil(opened)
    assert.equal(folder .. "/no/such.xml cannot be written: No such file or directory", text)
  end)

  it("say at the end which of them has no place on its disk", function()
    local opened = assert(outputs.open({
      { format = "json", file = "/dev/full" }, { format = "tap", file = folder .. ".tap" },
    }, { now = 0 }))
    play(opened)
    local ok, text = opened:close()
    assert.is_nil(ok)
    assert.equal("/dev/full cannot be written: No space left on device", text)
    assert.matches("not ok 2", read(folder .. ".tap"))
  end)
end)
