-- Reloads of clients that wait: in a callback, for the reload itself, or for what other workers say of it.
local core = require "slipstream.core"
local endings = require "slipstream.ending"
local fiber = require "slipstream.fiber"
local loop = require "spec.support.loop"
local reload = require "slipstream.reload"
local reload_story = require "spec.support.reload_story"
local renewal = require "slipstream.renewal"
local script = require "slipstream.script"
local slipstream = require "slipstream"

local PROLOGUE = reload_story.PROLOGUE

describe("a reload", function()
  local story, server, clock, modules, write, start, read, send, ask, logged

  before_each(function()
    story = reload_story.open()
    server, clock, modules = story.server, story.clock, story.modules
    write, start, read = story.write, story.start, story.read
    send, ask, logged = story.send, story.ask, story.logged
  end)

  after_each(function() story.close() end)

  describe("lets a client that waits", function()
    local waiting = [[
      function Bot:handle_cast()
        slipstream.await(function(fn) rawset(_G, "spec_go_on", fn) end)
        said(self, "waited")
      end
    ]]

    before_each(function()
      write(1, waiting)
      start "ann"
      slipstream.cast("ann", "wait")
      clock:advance(0)
      send("ann", "hears")
    end)

    after_each(function() rawset(_G, "spec_go_on", nil) end)

    local function go_on()
      rawget(_G, "spec_go_on")()
      return read()
    end

    it("finish in the old code, and has it follow before its next event", function()
      write(2, 'function Bot:code_change(old) said(self, "comes from " .. old) end')
      local summary = assert(slipstream.reload "bot")
      assert.same({ 0, 1 }, { summary.clients, summary.later })
      assert.equal("", read())
      assert.equal("ann 1 waited, ann 2 comes from 1, ann 2 hears", go_on())
    end)

    it("follow to the newest code, once", function()
      for version = 2, 5 do
        write(version, 'function Bot:code_change(old) said(self, "comes from " .. old) end')
        assert(slipstream.reload "bot")
      end
      assert.equal("ann 1 waited, ann 5 comes from 1, ann 5 hears", go_on())
    end)

    it("stay in the old code when its code_change fails, until the next reload", function()
      write(2, 'function Bot:code_change() self.assigns.x = 1; error "no luck" end')
      assert(slipstream.reload "bot")
      assert.equal("ann 1 waited, ann 1 hears", go_on())
      local entry = logged "code_change failed; this client goes on in the old code"
      assert.truthy(entry.fields.error:find "no luck$")
      write(3, 'function Bot:code_change(old) said(self, ("%s %s"):format(old, self.assigns.x)) end')
      assert(slipstream.reload "bot")
      assert.equal("ann 3 1 nil, ann 3 hears", ask "ann")
    end)
  end)

  it("waits for a client whose connect_params waits", function()
    local more = [[
      function Bot:init() assert(self:connect { uri = "ws://test/socket" }) end
      function Bot:connect_params()
        slipstream.await(function(fn) rawset(_G, "spec_go_on", fn) end)
        said(self, "asked")
      end
      function Bot:handle_connect() said(self, "connected") end
    ]]
    write(1, more)
    start "ann"
    clock:advance(0)
    write(2, more)
    assert.equal(1, assert(slipstream.reload "bot").later)
    rawget(_G, "spec_go_on")()
    server:accept()
    assert.equal("ann 1 asked, ann 2 connected", read())
    rawset(_G, "spec_go_on", nil)
  end)

  describe("that a client asks for", function()
    local asking = [[
      function Bot:handle_cast()
        local summary = slipstream.reload "bot"
        said(self, ("%d and %d"):format(summary.clients, summary.later))
      end
    ]]

    it("has it finish its callback in the old code", function()
      write(1, asking)
      start "ann"
      start "bob"
      write(2)
      slipstream.cast("ann", "reload")
      clock:advance(0)
      assert.equal("ann 1 1 and 1, ann 2 hears", ask "ann")
    end)

    it("is done once when several ask for it at once", function()
      write(1, asking)
      start "ann"
      start "bob"
      write(2, 'rawset(_G, "spec_loads", (rawget(_G, "spec_loads") or 0) + 1)')
      slipstream.cast("ann", "reload")
      slipstream.cast("bob", "reload")
      clock:advance(0)
      assert.equal("ann 1 0 and 2, bob 1 0 and 2", read())
      assert.equal(1, rawget(_G, "spec_loads"))
      rawset(_G, "spec_loads", nil)
    end)
  end)

  describe("that other workers have a say in", function()
    before_each(function()
      write(1)
      start "ann"
      write(2, 'function Bot:code_change() self.assigns.is_new = true end')
      assert.equal(0, renewal.load({ "bot" }).clients)
      assert.equal("ann 1 hears", ask "ann")
      assert.equal(1, require("bot").version)
      assert.equal(1, renewal.move().clients)
      assert.equal(2, require("bot").version)
      send("ann", "hears")
    end)

    it("lets clients wait, and go on in the new code when it is kept", function()
      assert.equal("", read())
      renewal.finish(true)
      assert.equal("ann 2 hears", read())
    end)

    it("or in the old code when it is undone", function()
      renewal.finish(false)
      assert.equal("ann 1 hears", read())
      assert.equal(1, require("bot").version)
      assert.same({}, slipstream.whereis("ann")._socket.assigns)
    end)

    it("which is undone as well when it was only loaded", function()
      renewal.finish(true)
      assert.equal("ann 2 hears", read())
      write(3)
      renewal.load { "bot" }
      renewal.finish(false)
      assert.same({ "nothing of the script has changed", nil }, { renewal.move().nothing })
      assert.equal("ann 2 hears", ask "ann")
    end)

    it("moves those as well that were started meanwhile", function()
      start "bob"
      renewal.finish(true)
      assert.equal("ann 2 hears, bob 2 hears", read() .. ", " .. ask "bob")
    end)

    describe("begins a client's next life meanwhile in the old code", function()
      before_each(function()
        endings.crash(slipstream.whereis("ann")._socket, "handle_info", { text = "no luck" })
        clock:advance(60000)
        assert.equal("ann 1 hears", ask "ann")
      end)

      it("and lets it go on there when it is undone", function()
        renewal.finish(false)
        assert.equal("ann 1 hears", ask "ann")
        write(3)
        assert.equal(1, assert(slipstream.reload "bot").clients)
        assert.equal("ann 3 hears", ask "ann")
      end)

      it("and moves it when it is kept", function()
        renewal.finish(true)
        assert.equal("ann 2 hears", ask "ann")
      end)
    end)

    describe("asks a client that is to connect again", function()
      local more = [[
        function Bot:init() assert(self:connect { uri = "ws://test/socket" }) end
        function Bot:connect_params() said(self, "asked") end
      ]]

      before_each(function()
        renewal.finish(true)
        read()
        modules:write("other", PROLOGUE .. "Bot.version = 1\n" .. more .. "return Bot")
        assert(slipstream.start(require "other", nil, { host = story.host, name = "eve" }))
        server:accept()
        assert.equal("eve 1 asked", read())
        modules:write("other", PROLOGUE .. "Bot.version = 2\n" .. more .. "return Bot")
        server:drop()
        clock:advance(0)
        renewal.load { "other" }
        assert.equal(1, renewal.move().clients)
        clock:advance(60000)
        assert.equal("", read())
        assert.is_false(server:was_dialled())
      end)

      it("in the new code when it is kept", function()
        renewal.finish(true)
        assert.equal("eve 2 asked", read())
        server:accept()
      end)

      it("in the old code when it is undone", function()
        renewal.finish(false)
        assert.equal("eve 1 asked", read())
        server:accept()
      end)
    end)

    it("and leaves those alone that have ended meanwhile", function()
      slipstream.stop "ann"
      clock:advance(0)
      renewal.finish(false)
      assert.is_nil(slipstream.whereis "ann")
    end)
  end)
end)

describe("a reload that cannot tell who waits for it", function()
  local poke, fail = fiber.poke, core.fail
  after_each(function() fiber.poke, core.fail = poke, fail end)

  it("ends everything, as they would wait for ever", function()
    local told
    function core.fail(text) told = text end
    local function lack() error("not enough memory", 0) end
    script.begin({}, function() return reload.between(function() fiber.poke = lack end) end)
    loop.wait(function() return told end)
    assert.equal("not enough memory", told)
  end)
end)
