-- Which outputs the options of `slipstream scenario` ask for.
local argparse = require "argparse"
local scenario_output = require "slipstream.cli.scenario.output"

-- What the arguments ask for, or nil and the complaint.
local function parse(...)
  local parser = argparse "slipstream"
  scenario_output.define(parser)
  local ok, options = parser:pparse { ... }
  if not ok then return nil, options end
  return options
end

local function wanted(...) return assert(parse(...)).outputs end

-- What is said of arguments that cannot be.
local function refusal(...)
  local opened, text = scenario_output.open(parse(...))
  assert.is_nil(opened)
  return text
end

describe("the options of outputs", function()
  it("take an --output for the --format before it", function()
    assert.same({ { format = "tap" } }, wanted("--format", "tap"))
    assert.same({
      { format = "junit", file = "x.xml" }, { format = "pretty" }, { format = "json", file = "x.json" },
    }, wanted("--format", "junit", "--output", "x.xml", "--format", "pretty", "--format=json",
      "--output=x.json"))
  end)

  it("refuse an --output that belongs to no --format", function()
    assert.equal("--output x.xml: it goes right behind the --format that it is for",
      refusal("--output", "x.xml"))
    assert.equal("--output y.tap: it goes right behind the --format that it is for",
      refusal("--format", "tap", "--output", "x.tap", "--output", "y.tap"))
  end)

  it("refuse a format that there is not", function()
    local options, text = parse("--format", "html")
    assert.is_nil(options)
    assert.matches("'pretty', 'plain', 'tap', 'junit', 'json'", text)
  end)

  it("refuse two formats that would mix on the standard output", function()
    assert.equal("--format: tap and json cannot both go to the standard output; give one an --output FILE",
      refusal("--format", "tap", "--format", "json"))
  end)

  it("ask for something on the standard output in any case", function()
    local path = os.tmpname()
    for _, arguments in ipairs { {}, { "--format", "tap", "--output", path } } do
      local opened = assert(scenario_output.open(parse(table.unpack(arguments))))
      assert.is_function(opened[#opened].begun)
      assert.equal(#arguments == 0 and 1 or 2, #opened)
      opened:close()
    end
    os.remove(path)
  end)
end)
