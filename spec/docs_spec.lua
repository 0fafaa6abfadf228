-- README.md and the pages of docs: each block of code does what it says, with a server that serves the
-- default app, and each link leads somewhere.
local api_doc = require "spec.support.api_doc"
local doc_block = require "spec.support.doc_block"
local program = require "spec.support.program"

local OWN <const> = "spec/docs_spec.lua"

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

local function text_of(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

-- The headings of a page, as links have them.
local function anchors_of(path)
  local anchors = {}
  for heading in text_of(path):gmatch "\n##+ ([^\n]+)" do
    anchors[heading:lower():gsub("[^%w%s_-]", ""):gsub(" ", "-")] = true
  end
  return anchors
end

-- Fails unless a spec has a test: the one of that name, if the link has one.
local function check_has_test(spec, title)
  local text = text_of(spec)
  local has_it = text:find(title and ('it%%("%s'):format(title:gsub("%W", "%%%0")) or "%f[%w]it%(")
  assert(has_it or not title and text:find "unit_test", ("%s has no test: %s"):format(spec, title))
end

-- Fails unless a link of a page leads to a file, and to a heading in it.
local function follow(path, target, title)
  local name, anchor = target:match "^([^#]*)#?(.*)$"
  local to = name == "" and path or (path:match "^(.*/)" or "") .. name
  assert(io.open(to), target):close()
  assert(anchor == "" or anchors_of(to)[anchor], ("no heading of %s is #%s"):format(to, anchor))
  if to:find "_spec%.lua$" or to:find "_test%.c$" then check_has_test(to, title) end
end

local function check(path)
  before_each(serve)
  after_each(clean_up)

  for _, block in ipairs(api_doc.blocks(path)) do
    local what = ("%s %s"):format(block.language, block.kind):gsub(" $", "")
    it(("has %s at line %d that does what it says"):format(what, block.line), function()
      local run = assert(doc_block.runner(block), "it has to say what it is, see spec/support/doc_block.lua")
      run(block, uri)
    end)
  end

  it("leads only to what there is", function()
    for target, title in api_doc.prose(path):gmatch "%]%(([^)%s]+)%s?([^)]-)%)" do
      if not target:find "^%a+:" then follow(path, target, title:match '^"(.*)"$') end
    end
    for spec in text_of(path):gmatch "`(spec/[%w_/]+%.%w+)`" do assert(io.open(spec)):close() end
  end)
end

it("is known of no block what it is that does not say so", function()
  for _, language in ipairs { "", "lua", "javascript", "sh quickly" } do
    assert.is_nil(doc_block.runner { language = language, kind = "", lines = {} })
  end
end)

for _, path in ipairs(api_doc.paths()) do
  describe(path, function() check(path) end)
end

describe("README.md", function()
  before_each(serve)
  after_each(clean_up)

  it("says yes to nothing without a test behind it", function()
    local table_of_features = text_of("README.md"):match "\n## What it can do\n(.-)\n## "
    local count = 0
    for answer in table_of_features:gmatch "\n| [^-|][^|]- | ([^|]+) |" do
      count = count + 1
      assert.truthy(answer == "no" or answer == "slipstream" or answer:find "^%[yes%]%(spec/.*%)$", answer)
    end
    assert.is_true(count > 20)
  end)

  it("has its client talked to by a script", function()
    local client = api_doc.parts("README.md", "lua", "lobby.lua")[1]
    local talk = api_doc.parts("README.md", "lua", OWN)[1]
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

  local keeps, changes = table.unpack(api_doc.parts("docs/hot-reload.md", "lua", OWN))
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

describe("docs/scenarios.md", function()
  before_each(serve)
  after_each(clean_up)

  local guest = [[
    local slipstream, args = require "slipstream", ...
    local socket = assert(slipstream.connect { uri = args.uri })
    socket:await_connect()
    socket:join "room:1"
    socket:await_join "room:1"
    socket:await_reply(socket:push("room:1", "echo", { body = "hi" }))
  ]]

  -- Each line of the page in a shell, in the same folder.
  local function start(command)
    local bin = program.binary:match "^(.*)/" .. ":" .. os.getenv "PATH"
    local line = command:gsub("ws://localhost:4000%S*", uri):gsub("…", uri):gsub("4001", "0")
    return program.start({ "-c", "exec " .. line },
      { path = "/bin/sh", cwd = program.folder(), env = { PATH = bin } })
  end

  it("has a talk recorded, replayed and written as a scenario", function()
    local commands = api_doc.parts("docs/scenarios.md", "sh", OWN)[1]
    local record, others = commands:match "^([^\n]+)\n(.*)$"
    local it_records = start(record)
    local own_uri = it_records:read("ws://"):match "ws://%S+"
    assert.equal(0, (program.run { "run", program.file "guest.lua" (guest), "--uri", own_uri }))
    it_records:signal "sigint"
    assert.equal(0, it_records:exit())
    for command in others:gmatch "[^\n]+" do
      local it_runs = start(command)
      assert.equal(0, it_runs:exit(), command .. "\n" .. it_runs:output() .. it_runs:errors())
    end
    assert(io.open(program.folder() .. "/talk_scenario.lua")):close()
  end)
end)
