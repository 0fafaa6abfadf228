-- Reloads of single modules, as in plain lua5.4. Of clients that wait: reload_wait_spec.lua. With all that
-- requires them, and in several workers: spec/cli/reload_spec.lua.
local client_modules = require "slipstream.client"
local reload_story = require "spec.support.reload_story"
local slipstream = require "slipstream"

local PROLOGUE = reload_story.PROLOGUE

describe("a reload", function()
  local story, host, server, clock, modules, write, start, read, send, ask, logged

  before_each(function()
    story = reload_story.open()
    host, server, clock, modules = story.host, story.server, story.clock, story.modules
    write, start, read = story.write, story.start, story.read
    send, ask, logged = story.send, story.ask, story.logged
  end)

  after_each(function() story.close() end)

  describe("moves live clients", function()
    it("whose next event is of the new code, and says how many", function()
      write(1)
      start "ann"
      start "bob"
      assert.equal("ann 1 hears", ask "ann")
      write(2)
      local summary = assert(slipstream.reload "bot")
      assert.equal("ann 2 hears", ask "ann")
      assert.equal("bob 2 hears", ask "bob")
      assert.same({ "bot" }, summary.modules)
      assert.equal(2, summary.clients)
      assert.same({ bot = { old = "1", new = "2" } }, summary.versions)
      local fields = logged("reloaded").fields
      assert.same({ 2, "bot", "bot 1 -> 2" }, { fields.clients, fields.modules, fields.versions })
    end)

    it("with their connections, topics and assigns", function()
      local more = [[
        function Bot:init() self.assigns.seen = 0; assert(self:connect { uri = "ws://test/socket" }) end
        function Bot:handle_connect() self:join "room:1" end
        function Bot:handle_message(topic, event)
          self.assigns.seen = self.assigns.seen + 1
          said(self, ("%s %s %d"):format(topic, event, self.assigns.seen))
        end
      ]]
      write(1, more)
      start "ann"
      server:accept()
      server:expect_join("room:1"):reply("ok")
      server:broadcast("room:1", "one", {})
      assert.equal("ann 1 room:1 one 1", read())
      write(2, more)
      assert(slipstream.reload "bot")
      server:broadcast("room:1", "two", {})
      assert.equal("ann 2 room:1 two 2", read())
      assert.is_false(server:was_dialled())
    end)

    it("with their timers and what lies in their mailboxes", function()
      write(1, 'function Bot:init() self:send_after(50, "rings") end')
      start "ann"
      send("ann", "waits")
      write(2)
      assert(slipstream.reload "bot")
      clock:advance(50)
      assert.equal("ann 2 waits, ann 2 rings", read())
    end)

    it("of modules that are fields of what the module returns", function()
      local text = [[
        local slipstream, said = require "slipstream", require "spec.said"
        local M = { Bot = slipstream.client() }
        function M.Bot:handle_info() said(self, "%s") end
        return M
      ]]
      modules:write("bots", text:format "old")
      slipstream.start(require("bots").Bot, nil, { host = host, name = "ann" })
      modules:write("bots", text:format "new")
      assert.equal(1, assert(slipstream.reload "bots").clients)
      assert.equal("ann nil new", ask "ann")
    end)

    it("that were started with a module that is old by now", function()
      write(1)
      local Old = require "bot"
      write(2)
      assert(slipstream.reload(Old))
      write(3)
      assert(slipstream.reload(Old))
      slipstream.start(Old, nil, { host = host, name = "ann" })
      assert.equal("ann 3 hears", ask "ann")
    end)

    it("in their next lives, when they wait to be started again", function()
      write(1, 'function Bot:handle_cast() error "broken" end')
      start "ann"
      slipstream.cast("ann", "fail")
      clock:advance(0)
      write(2)
      assert(slipstream.reload "bot")
      clock:advance(100)
      assert.equal("ann 2 hears", ask "ann")
    end)

    it("but not those of a module that its file does not return, which it says", function()
      local text = "local Bot = require('slipstream').client(); function Bot:handle_cast() end; "
        .. "return { start = function(...) return require('slipstream').start(Bot, ...) end }"
      modules:write("bots", text)
      require("bots").start(nil, { host = host, name = "ann" })
      local summary = assert(slipstream.reload "bots")
      assert.same({ 0, 1 }, { summary.clients, summary.stayed })
      assert.equal(1, logged("reloaded").fields.stayed)
    end)

    it("but not those of other modules", function()
      write(1)
      start "ann"
      modules:write("other", PROLOGUE .. "return Bot")
      slipstream.start(require "other", nil, { host = host, name = "eve" })
      write(2)
      assert.equal(1, assert(slipstream.reload "bot").clients)
      assert.equal("eve nil hears", ask "eve")
    end)
  end)

  describe("calls code_change", function()
    local telling = [[
      function Bot:code_change(old) said(self, "comes from " .. tostring(old)) end
    ]]

    it("of each client, in the order of their starts, with the old version", function()
      write(1)
      start "bob"
      start "ann"
      write(2, telling)
      assert(slipstream.reload "bot")
      assert.equal("bob 2 comes from 1, ann 2 comes from 1", read())
    end)

    it("and lets it change the assigns", function()
      write(1, "function Bot:init() self.assigns.count = 7 end")
      local client = start "ann"
      write(2, "function Bot:code_change() self.assigns = { total = self.assigns.count } end")
      assert(slipstream.reload "bot")
      assert.same({ total = 7 }, client._socket.assigns)
    end)

    it("of no client when one raises: all are as before, and the report says where and for whom", function()
      write(1, "function Bot:init(args) self.assigns.list = { args } end")
      local ann, bob = start("ann", 1), start("bob", 2)
      local assigns = ann._socket.assigns
      write(2, [[
        function Bot:code_change()
          table.insert(self.assigns.list, "spoilt")
          self.assigns = { list = self.assigns.list, is_new = true }
          if self._client.name == "bob" then error "no luck" end
        end
      ]])
      local ok, text, code = slipstream.reload "bot"
      assert.same({ nil, modules:file "bot" .. ":8: no luck (code_change of client bob)", "not_reloaded" },
        { ok, text, code })
      assert.equal(assigns, ann._socket.assigns)
      assert.same({ list = { 1 } }, ann._socket.assigns)
      assert.same({ list = { 2 } }, bob._socket.assigns)
      assert.equal("ann 1 hears", ask "ann")
      assert.equal("not reloaded, the old code goes on: " .. text, logged("not reloaded").text)
    end)

    it("which cannot wait, nor reload", function()
      write(1)
      start "ann"
      for _, call in ipairs { "slipstream.await(print)", 'slipstream.reload "bot"' } do
        write(2, ("function Bot:code_change() %s end"):format(call))
        local _, text = slipstream.reload "bot"
        assert.truthy(text:find("bot.lua:5: '%l+' waits, which code that is being reloaded cannot do"), text)
        assert.equal("ann 1 hears", ask "ann")
      end
    end)

    it("and ends one that runs away", function()
      local options = getmetatable(client_modules.passive).options
      options.max_callback_msec = 200
      write(1)
      start "ann"
      write(2, "function Bot:code_change() while true do local _ = {} end end")
      local ok, text = slipstream.reload "bot"
      options.max_callback_msec = nil
      assert.is_nil(ok)
      assert.truthy(text:find "ran for more than 200 msec")
      assert.equal("ann 1 hears", ask "ann")
    end)
  end)

  describe("changes nothing", function()
    -- The old code goes on, and the next good one takes effect.
    local function refuses(text, pattern)
      write(1)
      start "ann"
      local loaded = package.loaded.bot
      modules:write("bot", text)
      local ok, fault = slipstream.reload "bot"
      assert.is_nil(ok)
      assert.truthy(fault:find(pattern), fault)
      assert.equal(loaded, package.loaded.bot)
      assert.equal("ann 1 hears", ask "ann")
      write(3)
      assert(slipstream.reload "bot")
      assert.equal("ann 3 hears", ask "ann")
    end

    it("when there is an error of syntax", function()
      refuses("local x = = 1", "bot.lua:1: unexpected symbol near '='")
    end)

    it("when loading raises", function()
      refuses("\nerror 'no luck'", "bot.lua:2: no luck$")
    end)

    it("when loading would wait", function()
      refuses("require('slipstream').await(print)",
        "bot.lua:1: 'await' waits, which code that is being reloaded cannot do")
    end)

    it("when it returns no client module any more", function()
      refuses("return {}", "bot.lua: bot was a client module and is a table now$")
    end)

    it("when a field was a client module with clients, and is none any more", function()
      local both = "local client = require('slipstream').client; return { Bot = client(), Idle = client() }"
      modules:write("bots", both)
      local ann = slipstream.start(require("bots").Bot, nil, { host = host })
      modules:write("bots", "return { Idle = require('slipstream').client() }")
      local _, text = slipstream.reload "bots"
      assert.truthy(text:find "bots.lua: bots.Bot was a client module and is nil now$")
      modules:write("bots", "return { Bot = require('slipstream').client() }")
      assert.equal(1, assert(slipstream.reload "bots").clients)
      assert.is_true(ann:alive())
    end)

    it("when a callback is no function", function()
      refuses(PROLOGUE .. "Bot.handle_message = {}\nreturn Bot",
        "bot.lua: handle_message is a table, not a function$")
    end)

    it("when the file is bytecode", function()
      refuses(string.dump(load "return 1"), "attempt to load a binary chunk")
    end)

    it("among the globals and the modules either", function()
      rawset(_G, "spec_global", "old")
      modules:write("helper", "return 'helper'")
      refuses([[
        rawset(_G, "spec_global", "new")
        rawset(_G, "spec_other", "new")
        require "helper"
        error "no luck"
      ]], "no luck")
      assert.equal("old", rawget(_G, "spec_global"))
      assert.is_nil(rawget(_G, "spec_other"))
      assert.is_nil(package.loaded.helper)
      rawset(_G, "spec_global", nil)
    end)

    it("when no module of that name is loaded", function()
      local ok, text = slipstream.reload "nowhere"
      assert.same({ nil, "no such module: nowhere" }, { ok, text })
      assert.has_error(function() slipstream.reload {} end,
        "bad argument #1 to 'reload' (a module that `require` has loaded, or its name, expected)")
      assert.has_error(function() slipstream.reload() end)
    end)
  end)

  it("hands over what the old module saves and the new one restores", function()
    local text = [[
      local count = 0
      return {
        count = function() count = count + 1; return count end,
        save = function() return count end,
        restore = function(saved) count = saved end,
      }
    ]]
    modules:write("counter", text)
    assert.same({ 1, 2 }, { require("counter").count(), require("counter").count() })
    assert(slipstream.reload "counter")
    assert.equal(3, require("counter").count())
  end)

  it("hands over what a client module saves, once", function()
    local more = [[
      local list = {}
      function Bot.add(text) list[#list + 1] = text end
      function Bot.save() return list end
      function Bot.restore(saved)
        for _, text in ipairs(saved) do Bot.add(text) end
      end
    ]]
    write(1, more)
    require("bot").add "one"
    write(2, more)
    assert(slipstream.reload "bot")
    assert.same({ "one" }, require("bot").save())
  end)

  it("keeps the children of a supervisor, whose new specs hold from now on", function()
    local text = [[
      local slipstream, Bot = require "slipstream", require "bot"
      local ann = { module = Bot, name = "ann", args = %d, restart = "%s" }
      return slipstream.supervisor { children = { ann } }
    ]]
    write(1, 'function Bot:init(args) said(self, args) end')
    modules:write("top", text:format(1, "temporary"))
    slipstream.start(require "top", nil, { host = host })
    local ann = slipstream.whereis "ann"
    assert.equal("ann 1 1", read())
    modules:write("top", text:format(2, "permanent"))
    assert.equal(1, assert(slipstream.reload "top").clients)
    assert.equal(ann, slipstream.whereis "ann")
    ann:stop()
    clock:advance(100)
    assert.equal("ann 1 2", read())
  end)

  it("is told by telemetry", function()
    local told = {}
    slipstream.telemetry.attach("spec", "reload.*", function(event, _, metadata)
      told[#told + 1] = { event, metadata.modules[1], metadata.clients or metadata.reason }
    end)
    write(1)
    start "ann"
    assert(slipstream.reload "bot")
    modules:write("bot", "return")
    local _, text = slipstream.reload "bot"
    slipstream.telemetry.detach "spec"
    assert.same({ { "reload.start", "bot" }, { "reload.stop", "bot", 1 }, { "reload.start", "bot" },
      { "reload.exception", "bot", text } }, told)
  end)

  it("leaves nothing behind, however often it is done", function()
    local left = setmetatable({}, { __mode = "k" })
    local function reload(times)
      for version = 1, times do
        write(version, 'function Bot:code_change() self.assigns.text = ("x"):rep(100) end')
        assert(slipstream.reload "bot")
        left[require "bot"] = true
        server.logged = {}
      end
      collectgarbage()
      collectgarbage()
      return collectgarbage "count"
    end
    write(0)
    start "ann"
    local before = reload(100)
    assert.is_true(reload(200) - before < 10)
    local count = 0
    for _ in pairs(left) do count = count + 1 end
    assert.equal(1, count)
  end)
end)
