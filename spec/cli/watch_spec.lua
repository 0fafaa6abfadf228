-- `slipstream run --watch` and SIGHUP: what is saved serves the next event, however it was saved.
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local uv = require "luv"
local worker_script = require "spec.support.worker_script"

local SIGTERM_CODE = 143

-- A client that tells, at its start and at each reload, what its modules say.
local client = [[
  local slipstream = require "slipstream"
  local words = require "words"
  local Client = slipstream.client()
  function Client:init()
    self:send_after(60000, "never")
    print("begins with", words)
  end
  function Client:code_change() print("goes on with", words) end
  return Client
]]

local function words(text) return ("return %q"):format(text) end

describe("slipstream run --watch", function()
  after_each(program.clean_up)

  local function path(name) return program.folder() .. "/" .. name end

  local function save(name, text) return program.file(name)(text) end

  local function rename(from, to) assert(uv.fs_rename(path(from), path(to))) end

  local function start(main, ...)
    save("client.lua", client)
    save("words.lua", words "one")
    local it_runs = program.start { "run", path(main or "client.lua"), "--watch", ... }
    it_runs:read "begins with\tone"
    return it_runs
  end

  local function end_it(it_runs)
    it_runs:signal "sigterm"
    assert.equal(SIGTERM_CODE, it_runs:exit())
  end

  describe("notices a file that is", function()
    it("written in place", function()
      local it_runs = start()
      save("words.lua", words "two")
      it_runs:read "goes on with\ttwo"
      save("words.lua", words "three")
      it_runs:read "goes on with\tthree"
    end)

    it("replaced by another one", function()
      local it_runs = start()
      for _, text in ipairs { "two", "six", "ten" } do -- of one size
        save("words.lua~", words(text))
        rename("words.lua~", "words.lua")
        it_runs:read("goes on with\t" .. text)
      end
    end)

    it("moved away, and written anew beside its backup", function()
      local it_runs = start()
      rename("words.lua", "words.lua~")
      save("words.lua", words "two")
      it_runs:read "goes on with\ttwo"
    end)

    it("deleted, and made again after others were reloaded", function()
      save("extra.lua", words "extra")
      local it_runs = start()
      save("words.lua", 'return require "extra" .. " one"')
      it_runs:read "goes on with\textra one"
      assert(uv.fs_unlink(path "extra.lua"))
      save("words.lua", 'return require "extra" .. " two"')
      it_runs:read "goes on with\textra two"
      save("extra.lua", words "other")
      it_runs:read "goes on with\tother two"
      assert.is_nil(it_runs:errors():find("error", 1, true))
    end)

    it("touched", function()
      local it_runs = start()
      assert(uv.fs_utime(path "words.lua", 1000000000, 1000000000))
      it_runs:read "goes on with\tone"
    end)

    it("the main file", function()
      local it_runs = start()
      save("client.lua", (client:gsub("goes on with", "goes elsewhere with")))
      it_runs:read "goes elsewhere with\tone"
    end)

    it("required since a reload", function()
      local it_runs = start()
      save("more.lua", words "more")
      save("words.lua", 'return require "more"')
      it_runs:read "goes on with\tmore"
      save("more.lua", words "most")
      it_runs:read "goes on with\tmost"
    end)

    it("saved while the program begins", function()
      save("client.lua", client)
      save("words.lua", words "one")
      local it_runs = program.start { "run", path "client.lua", "--watch" }
      save("words.lua", words "two")
      it_runs:read "with\ttwo"
    end)

    it("saved many times in a row", function()
      local it_runs = start()
      for count = 1, 100 do save("words.lua", words("number " .. count)) end
      it_runs:read "goes on with\tnumber 100"
    end)

    it("wrong at first, of which it tells", function()
      local it_runs = start()
      save("words.lua", "return = 1")
      local line = it_runs:read_error "not reloaded, the old code goes on: "
      assert.truthy(line:find(path "words.lua" .. ":1: unexpected symbol near '='", 1, true))
      save("words.lua", words "two")
      it_runs:read "goes on with\ttwo"
      assert.is_nil(it_runs:output():find("nil", 1, true))
    end)
  end)

  describe("notices behind links", function()
    local function link(target, name) assert(uv.fs_symlink(target, path(name))) end

    -- As `ln -sfn` does: there is always one.
    local function lead_elsewhere(name, target)
      link(target, name .. "~")
      rename(name .. "~", name)
    end

    it("a file that is saved, and another one", function()
      assert(uv.fs_mkdir(path "store", 448))
      save("store/words.lua", words "two")
      local it_runs = start()
      lead_elsewhere("words.lua", "store/words.lua")
      it_runs:read "goes on with\ttwo"
      save("store/words.lua", words "three")
      it_runs:read "goes on with\tthree"
      save("store/other.lua", words "four")
      lead_elsewhere("words.lua", path "store/other.lua")
      it_runs:read "goes on with\tfour"
    end)

    it("a folder that is another one, and files that are saved there", function()
      for _, release in ipairs { "first", "second" } do
        assert(uv.fs_mkdir(path(release), 448))
        save(release .. "/client.lua", client)
        save(release .. "/words.lua", words(release))
      end
      link("first", "current")
      local it_runs = program.start { "run", path "current/client.lua", "--watch" }
      it_runs:read "begins with\tfirst"
      lead_elsewhere("current", "second")
      it_runs:read "goes on with\tsecond"
      save("second/words.lua", words "third")
      it_runs:read "goes on with\tthird"
    end)

    it("nothing for ever, when they go round in a circle", function()
      local it_runs = start()
      lead_elsewhere("words.lua", "words.lua")
      save("client.lua", (client:gsub("goes on with", "goes elsewhere with")))
      it_runs:read "goes elsewhere with\tone"
    end)
  end)

  it("notices files in a folder that was made anew", function()
    assert(uv.fs_mkdir(path "lib", 448))
    save("lib/words.lua", words "lib")
    save("words.lua", words "one")
    local it_runs = start()
    save("words.lua", 'return require "lib.words"')
    it_runs:read "goes on with\tlib"
    rename("lib", "old")
    assert(uv.fs_mkdir(path "lib", 448))
    save("lib/words.lua", words "new")
    it_runs:read "goes on with\tnew"
    save("lib/words.lua", words "newer")
    it_runs:read "goes on with\tnewer"
  end)

  it("reloads in all workers", function()
    local it_runs = start(nil, "--workers", "2", "--clients", "2")
    it_runs:read "begins with\tone"
    save("words.lua", words "two")
    it_runs:read "goes on with\ttwo"
    it_runs:read "goes on with\ttwo"
    it_runs:read_error "reloaded clients=2"
  end)

  it("hears of the files also where there was no room to tell of them", function()
    local filling = worker_script.fill .. [[
      local numbers = {}
      for place = 1, 1e6 do numbers[place] = place end
      local bytes = core.pack { "answer", numbers } -- which takes the lead longer than it takes to fill it
      for _ = 1, 2 do seat.mine():post(seat.LEAD, bytes) end
      fill(seat.LEAD)
    ]]
    save("client.lua", filling .. client)
    save("words.lua", words "one")
    local it_runs = program.start { "run", path "client.lua", "--watch" }
    it_runs:read "begins with\tone"
    save("words.lua", words "two")
    it_runs:read "goes on with\ttwo"
  end)

  it("does not mind other files", function()
    local it_runs = start()
    save(".words.lua.swp", "swap")
    save("notes.lua", "x =")
    save("words.lua", words "two")
    it_runs:read "goes on with\ttwo"
    end_it(it_runs)
    local _, count = it_runs:errors():gsub("reloaded", "")
    assert.equal(1, count)
  end)

  it("tells of a plain script that it is not run again", function()
    local script = 'print "runs"; require("slipstream").await(function() end, 60000)'
    local it_runs = program.start { "run", save("script.lua", script), "--watch" }
    it_runs:read "runs"
    save("script.lua", script .. " ")
    it_runs:read_error "script.lua is a plain script, which is not run again"
    end_it(it_runs)
    assert.equal("runs\n", it_runs:output())
  end)
end)

describe("SIGHUP", function()
  after_each(program.clean_up)

  it("reloads everything, and nothing is reloaded before", function()
    local main = program.file "client.lua" (client)
    program.file "words.lua" (words "one")
    local it_runs = program.start { "run", main }
    it_runs:read "begins with\tone"
    program.file "words.lua" (words "two")
    it_runs:signal "sighup"
    it_runs:read "goes on with\ttwo"
    it_runs:signal "sighup"
    it_runs:read "goes on with\ttwo"
    local _, count = it_runs:output():gsub("goes on", "")
    assert.equal(2, count)
  end)
end)

describe("SIGHUP of a terminal that is gone", function()
  after_each(program.clean_up)

  it("ends the program, as nobody sees it any more", function()
    program.file "words.lua" (words "one")
    local socket = program.folder() .. "/control"
    local binary = assert(uv.fs_realpath(os.getenv "SLIPSTREAM_BIN" or "build/dev/slipstream"))
    local command = ("%s run %s --control %s"):format(binary, program.file "client.lua" (client), socket)
    local terminal = program.start({ "-qfc", command, "/dev/null" }, { path = "/usr/bin/script" })
    terminal:read "begins with"
    assert.truthy(uv.fs_stat(socket))
    terminal:signal "sigkill"
    assert.is_true(loop.wait(function() return not uv.fs_stat(socket) end, 10000)) -- it goes with the program
  end)
end)

describe("slipstream ctl reload", function()
  after_each(program.clean_up)

  local function ctl(...)
    local code, it_ran = program.run { "ctl", "--control", program.folder() .. "/control", "reload", ... }
    return code, it_ran:output(), it_ran:errors()
  end

  it("reloads all or one module, and says what came of it", function()
    local main = program.file "client.lua" (client)
    program.file "words.lua" (words "one")
    local it_runs = program.start { "run", main, "--control", program.folder() .. "/control",
      "--workers", "2", "--clients", "3" }
    for _ = 1, 3 do it_runs:read "begins with\tone" end
    program.file "words.lua" (words "two")
    local code, output = ctl()
    assert.equal(0, code)
    local words_and_main = output:match "^reloaded (.*): 3 clients, in %d+%.%d msec\n$"
    assert.equal("words, " .. main, words_and_main)
    for _ = 1, 3 do it_runs:read "goes on with\ttwo" end
    program.file "words.lua" (words "three")
    assert.equal(0, (ctl "words"))
    for _ = 1, 3 do it_runs:read "goes on with\tthree" end
  end)

  it("says why not", function()
    local main = program.file "client.lua" (client)
    program.file "words.lua" (words "one")
    program.start({ "run", main, "--control", program.folder() .. "/control" }):read "begins"
    program.file "words.lua" "error 'no words'"
    local code, output, errors = ctl "words"
    assert.same({ 1, "" }, { code, output })
    assert.equal(("slipstream: %s/words.lua:1: no words\n"):format(program.folder()), errors)
    code, output, errors = ctl "nothing"
    assert.same({ 1, "" }, { code, output })
    assert.equal(("slipstream: no such module of the script: nothing; it has %s, words\n"):format(main),
      errors)
  end)
end)
