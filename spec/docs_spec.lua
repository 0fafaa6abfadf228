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

local server, uri

local function serve()
  server = program.start { "serve", "--port", "0" }
  uri = server:read("listening on "):match "ws://%S+"
end

local function clean_up()
  server:signal "sigterm"
  assert.are.equal(143, server:exit())
  program.clean_up()
end

local function check(path)
  before_each(serve)
  after_each(clean_up)

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

describe("README.md", function()
  before_each(serve)
  after_each(clean_up)

  local client, talk = table.unpack(api_doc.parts "README.md")

  it("has a client that goes on until it is stopped", function()
    local it_runs = program.start { "run", program.file "lobby.lua" (client), "--uri", uri }
    it_runs:read "room:lobby\tshout\thello, everybody"
    it_runs:signal "sigint"
    assert.equal(130, it_runs:exit())
  end)

  it("has that client talked to by a script", function()
    local callbacks, calls = talk:match "^(.-\n)\n(.*)$"
    program.file "lobby.lua" ((client:gsub("return Lobby$", callbacks .. "%0")))
    local script = "local slipstream, Lobby, args = require 'slipstream', require 'lobby', ...\n"
      .. calls:gsub("local users", "%0, why") .. "\nprint(users, why)"
    local code, it_ran = program.run { "run", program.file "talk.lua" (script), "--uri", uri }
    assert.equal("nil\tnil\n", it_ran:output()) -- nobody has assigned any, and nothing failed
    assert.falsy(it_ran:errors():find " error ")
    assert.equal(0, code)
  end)
end)

describe("docs/hot-reload.md", function()
  after_each(program.clean_up)

  local keeps, changes = table.unpack(api_doc.parts "docs/hot-reload.md")
  local cache = "local M = {}\n" .. keeps .. [[

    function M.put(value) cache.value = value end
    function M.get() return cache.value end
    return M
  ]]
  local bot = [[
    local slipstream, cache = require "slipstream", require "cache"
    local Bot = slipstream.client()
    function Bot:init()
      self:assign("questions", 4)
      self:send_after(60000, "never")
      cache.put "kept"
      print "ready"
    end
    %s
    return Bot
  ]]
  local shows = [[

    local change = Bot.code_change
    function Bot:code_change(old_version)
      change(self, old_version)
      print(old_version, self.assigns.questions.total, cache.get())
    end
  ]]

  it("has a cache that is handed over, and assigns that are brought into shape once", function()
    program.file "cache.lua" (cache)
    local main = program.file "bot.lua" (bot:format "Bot.version = 1")
    local it_runs = program.start { "run", main }
    it_runs:read "ready"
    program.file "bot.lua" (bot:format(changes .. shows))
    it_runs:signal "sighup"
    it_runs:read "1\t4\tkept"
    it_runs:signal "sighup"
    it_runs:read "2\t4\tkept"
    it_runs:signal "sigterm"
    assert.equal(143, it_runs:exit())
  end)
end)
