-- The examples of the pages of what a script can call do what their comments say: each runs by itself,
-- with a server that serves the default app.
local api_doc = require "spec.support.api_doc"
local program = require "spec.support.program"

-- A file whose lines have the numbers that they have on the page.
local function file_of(example)
  return program.file "example.lua" (("\n"):rep(example.line) .. table.concat(example.lines, "\n"))
end

-- How wide the space between two values is says nothing.
local function squeeze(lines)
  return (table.concat(lines, "\n"):gsub("[ \t]+", " "))
end

local function check(path)
  local server, uri

  before_each(function()
    server = program.start { "serve", "--port", "0" }
    uri = server:read("listening on "):match "ws://%S+"
  end)

  after_each(function()
    server:signal "sigterm"
    assert.are.equal(143, server:exit())
    program.clean_up()
  end)

  for _, example in ipairs(api_doc.examples(path)) do
    it(("has an example at line %d that does what it says"):format(example.line), function()
      local file = file_of(example)
      local code, it_ran = program.run { "run", file, "--uri", uri }
      local place = ("%s:%d: "):format(path, example.line)
      local faults = place .. it_ran:errors():gsub(file, path)
      assert.are.equal(squeeze(example.output), squeeze { (it_ran:output():gsub("\n$", "")) }, faults)
      assert.are.equal(0, code, faults)
    end)
  end

  it("names only specs that there are", function()
    local page <close> = assert(io.open(path))
    for spec in page:read("a"):gmatch "`(spec/[%w_/]+%.%w+)`" do
      assert(io.open(spec)):close()
    end
  end)

  it("has examples, and each prints something", function()
    local examples = api_doc.examples(path)
    assert.is_true(#examples > 0)
    for _, example in ipairs(examples) do assert.is_true(#example.output > 0) end
  end)
end

for _, path in ipairs(api_doc.paths) do
  describe(path, function() check(path) end)
end
