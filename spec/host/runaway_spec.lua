-- On the real clock, since that is what a runaway callback uses up.
local log = require "slipstream.log"
local phoenix = require "spec.support.phoenix"
local shell = require "spec.support.shell"
local slipstream = require "slipstream"
local uv = require "luv"

-- Works for so long, as a loop that a script has got wrong.
local function work(msec)
  local stop = uv.hrtime() + msec * 1000000
  while uv.hrtime() < stop do local _ = {} end
end

local function run_away() while true do local _ = {} end end

describe("a runaway callback", function()
  local host, server, former

  before_each(function()
    former = log.set_sink(function() end)
    host, server = phoenix.pretend()
  end)

  after_each(function()
    phoenix.close(host)
    log.set_sink(former)
  end)

  local function logged(text)
    local list = {}
    for _, entry in ipairs(server.logged) do
      if entry.text:find(text, 1, true) then list[#list + 1] = entry.fields end
    end
    return list
  end

  local WARNING = "keeps all clients waiting"

  -- So often in all, at most for 5 seconds. Reads no global, for which busted has a function that the warning
  -- would name.
  local function work_until_warned(times)
    local stop = uv.hrtime() + 5e9
    while #server.logged < times and uv.hrtime() < stop do local _ = {} end
  end

  local function start(options, callbacks, name)
    options.restart = "temporary"
    local module = slipstream.client(options)
    for callback, fn in pairs(callbacks) do module[callback] = fn end
    return slipstream.start(module, nil, { host = host, name = name })
  end

  it("is warned of once, with client, callback and line", function()
    local times = 0
    local client = start({}, {
      handle_info = function()
        times = times + 1
        work_until_warned(times)
        work(160)
      end,
    }, "ann")
    client:send "go"
    host:advance(0)
    local warnings = logged(WARNING)
    assert.equal(1, #warnings)
    assert.equal("ann", warnings[1].client)
    assert.equal("handle_info", warnings[1].callback)
    assert.truthy(warnings[1].line:find("runaway_spec.lua:%d+$"))
    assert.is_true(warnings[1].msec >= 100)
    client:send "again"
    host:advance(0)
    assert.equal(2, #logged(WARNING))
    assert.is_true(client:alive())
  end)

  it("is warned of with the script's line, also while our own code runs for it", function()
    local client = start({}, {
      handle_info = function(self)
        local stop = uv.hrtime() + 5e9
        while #server.logged == 0 and uv.hrtime() < stop do self:join_status "room:1" end
      end,
    })
    client:send "go"
    host:advance(0)
    assert.truthy(logged(WARNING)[1].line:find("runaway_spec.lua:%d+$"))
  end)

  it("is warned of each time, however long it was the time before", function()
    local seconds, times = { 0.16, 0.4 }, 0
    -- one call of C that blocks, so that the first tick comes late, and some work behind it
    local function block()
      shell.run(("timeout %g tail -f /dev/null"):format(table.remove(seconds, 1)))
      times = times + 1
      work_until_warned(times)
    end
    local client = start({}, { handle_info = block })
    for _ = 1, 2 do client:send "go" end
    host:advance(0)
    assert.equal(2, #logged(WARNING))
  end)

  it("is not warned of when the module says so, or when it is short", function()
    local client = start({ slow_callback_msec = 0 }, { handle_info = function() work(160) end })
    client:send "go"
    host:advance(0)
    assert.same({}, logged(WARNING))
    local slow = 0 -- by much else that the machine has to do
    local quick = start({}, {
      handle_info = function()
        local began = uv.hrtime()
        work(20)
        if uv.hrtime() - began >= 100e6 then slow = slow + 1 end
      end,
    })
    for _ = 1, 5 do quick:send "go" end
    host:advance(0)
    assert.is_true(#logged(WARNING) <= slow)
  end)

  it("is stopped as an error after max_callback_msec, and nobody else is", function()
    local heard
    local bad = start({ max_callback_msec = 200 }, {
      handle_info = run_away,
      terminate = function(_, reason) heard = reason end,
    })
    local good = start({}, { handle_call = function() return "reply", "here" end })
    bad:send "go"
    host:advance(0)
    assert.is_false(bad:alive())
    assert.equal("script_error", heard.kind)
    assert.truthy(heard.text:find("runaway_spec.lua:%d+: handle_info ran for more than 200 msec"))
    assert.truthy(heard.traceback:find("runaway_spec.lua", 1, true))
    assert.is_true(good:alive())
  end)

  it("is stopped in whatever callback it is", function()
    local options = { max_callback_msec = 100 }
    local client, reason = start(options, { init = run_away })
    assert.is_nil(client)
    assert.truthy(reason.text:find("init ran for more than 100 msec", 1, true))
    client = start(options, { terminate = run_away })
    client:stop()
    host:advance(0)
    assert.is_false(client:alive())
    client = start(options, {
      init = function(self) assert(self:connect { uri = "ws://phoenix.test/socket/websocket" }) end,
      connect_params = run_away,
    })
    host:advance(0)
    assert.is_false(client:alive())
    assert.equal(1, #logged "connect_params ran for more than 100 msec")
  end)

  it("is stopped although it catches errors, and its <close> variables run", function()
    local closed
    local client = start({ max_callback_msec = 100 }, {
      handle_info = function()
        local _ <close> = setmetatable({}, { __close = function() closed = true end })
        while true do pcall(run_away) end
      end,
    })
    client:send "go"
    host:advance(0)
    assert.is_false(client:alive())
    assert.is_true(closed)
  end)

  it("is stopped in a message handler that does not end, too", function()
    for _, way in ipairs {
      function() xpcall(error, run_away) end,
      function() xpcall(run_away, run_away) end,
    } do
      local heard
      local client = start({ max_callback_msec = 100 }, {
        handle_info = way,
        terminate = function(_, reason) heard = reason end,
      })
      client:send "go"
      host:advance(0)
      assert.is_false(client:alive())
      assert.matches("runaway_spec.lua:%d+: handle_info ran for more than 100 msec", heard.text)
    end
  end)

  it("may run as long as it likes when the limit is 0", function()
    local client = start({ max_callback_msec = 0, slow_callback_msec = 0 }, {
      handle_info = function() work(300) end,
    })
    client:send "go"
    host:advance(0)
    assert.is_true(client:alive())
  end)

  it("is counted by what runs, not by what waits", function()
    local is_done
    local client = start({ max_callback_msec = 1000 }, {
      handle_info = function()
        for _ = 1, 4 do
          work(300)
          slipstream.await(function() end, 1000)
        end
        is_done = true
      end,
    })
    client:send "go"
    host:advance(10000)
    assert.is_true(client:alive())
    assert.is_true(is_done)
  end)
end)
