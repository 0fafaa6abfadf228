-- Clients that take all the memory of their worker: who holds the most has to go, before the worker does.
local program = require "spec.support.program"

describe("slipstream run --max-memory", function()
  after_each(program.clean_up)

  -- Witness: a client that says so when it is asked whether it lives.
  local witness = [[
    local slipstream = require "slipstream"
    local Witness = slipstream.client { restart = "temporary" }
    function Witness:handle_cast(text) print("witness:", text) return "stop", "normal" end
    function Witness:terminate(reason) if reason ~= "normal" then print("witness ends", reason) end end
    local worker = slipstream.worker
    slipstream.start(Witness, nil, { name = "witness" .. worker.index })
    local function fill(list, count)
      for _ = 1, count do list[#list + 1] = { #list } end
    end
  ]]

  local function run(text, ...)
    local path = program.file "script.lua" (witness .. text)
    local code, it_ran = program.run { "run", path, "--max-memory", "16", ... }
    return code, it_ran:output(), it_ran:errors()
  end

  -- A client that takes more in each turn than in the one before, in its first life.
  local growing = [[
    local lives = 0
    local Growing = slipstream.client()
    function Growing:init()
      lives = lives + 1
      print("life " .. lives .. " with " .. #self.assigns)
      self:send_interval(5, "grow")
    end
    function Growing:handle_info()
      if lives == 1 then return fill(self.assigns, 5000) end
      slipstream.cast("witness" .. worker.index, "still here")
      return "stop", "normal"
    end
    function Growing:terminate(reason) print("ends:", type(reason) == "table" and reason.kind or reason) end
  ]]

  it("names and stops the biggest client, which starts again with nothing; others go on", function()
    local code, output, errors = run(growing .. [[
      slipstream.telemetry.attach("spec", "client.too_big", function(event, measurements, metadata)
        print(event, measurements.bytes > 8 << 20, metadata.client, metadata.holds)
      end)
      slipstream.start(Growing, nil, { name = "growing" })
    ]])
    local holds = output:match "assigns: [%d.]+ MiB"
    assert.equal(([[
life 1 with 0
client.too_big	true	growing	%s
ends:	memory
life 2 with 0
ends:	normal
witness:	still here
]]):format(holds), output)
    assert.truthy(errors:find("error client stopped, as it holds the most and memory runs short;"
      .. " raise %-%-max%-memory or let it hold less bytes=%d+ client=growing"
      .. ' holds="assigns: %d+%.%d MiB" limit=16777216\n'))
    assert.equal(0, code)
  end)

  it("stops the one whose mailbox is flooded, not the one that floods it", function()
    local code, output, errors = run [[
      local Waiter = slipstream.client { restart = "temporary" }
      function Waiter:handle_cast() slipstream.await(function() end, 60000) end
      local Flood = slipstream.client { restart = "temporary" }
      function Flood:init() self:send_interval(1, "flood") end
      function Flood:handle_info()
        for count = 1, 400 do
          local ok, _, code = slipstream.send("waiter", { text = ("x"):rep(100) .. count })
          if not ok then
            print("flood:", code)
            slipstream.cast("witness0", "still here")
            return "stop", "normal"
          end
        end
      end
      slipstream.start(Waiter, nil, { name = "waiter" })
      slipstream.cast("waiter", "wait")
      slipstream.start(Flood)
    ]]
    assert.equal("flood:\tnoproc\nwitness:\tstill here\n", output)
    assert.truthy(errors:find("client=waiter holds=\"a mailbox with %d+ entries: %d+%.%d MiB\" limit="))
    assert.equal(1, code)
  end)

  it("finds what a callback holds that waits", function()
    local _, output, errors = run [[
      local Holder = slipstream.client { restart = "temporary" }
      function Holder:handle_cast()
        local list = {}
        while true do
          fill(list, 5000)
          slipstream.await(function() end, 5)
        end
      end
      function Holder:terminate() slipstream.cast("witness0", "still here") end
      local holder = slipstream.start(Holder, nil, { name = "holder" })
      holder:cast "hold"
    ]]
    assert.equal("witness:\tstill here\n", output)
    assert.truthy(errors:find('client=holder holds="what its callbacks hold that wait: %d+%.%d MiB" limit='))
  end)

  it("lets a callback that takes all memory fail, and ends its client alone", function()
    local code, output, errors = run [[
      local Endless = slipstream.client { restart = "temporary" }
      function Endless:handle_cast()
        self.assigns.list = {}
        fill(self.assigns.list, math.huge)
      end
      local endless = slipstream.start(Endless, nil, { name = "endless" })
      endless:cast "begin"
      print(endless:await_end())
      slipstream.cast("witness0", "still here")
    ]]
    assert.equal("true\tnot enough memory\nwitness:\tstill here\n", output)
    assert.truthy(errors:find("error not enough memory callback=handle_cast client=endless\n", 1, true))
    assert.falsy(errors:find("worker 0 failed", 1, true))
    assert.equal(1, code)
  end)

  it("lets a callback that wants too much at once fail, and starts its client again", function()
    local code, output, errors = run [[
      local lives = 0
      local Greedy = slipstream.client()
      function Greedy:init() lives = lives + 1 print("life " .. lives) self:client():cast "begin" end
      function Greedy:handle_cast()
        if lives == 1 then self.assigns.text = ("x"):rep(1 << 30) end
        slipstream.cast("witness0", "still here")
        return "stop", "normal"
      end
      slipstream.start(Greedy, nil, { name = "greedy" })
    ]]
    assert.equal("life 1\nlife 2\nwitness:\tstill here\n", output)
    assert.truthy(errors:find("error not enough memory callback=handle_cast client=greedy\n", 1, true))
    assert.equal(0, code)
  end)

  it("stops no more than it takes, also of clients that are all alike", function()
    local _, output, errors = run [[
      local Alike = slipstream.client { restart = "temporary" }
      function Alike:init() self:send_interval(5, "grow") end
      function Alike:handle_info() fill(self.assigns, 40) end
      local count, stopped = 200, 0
      for _ = 1, count do slipstream.start(Alike) end
      slipstream.watch(function(_, reason) if reason.kind == "memory" then stopped = stopped + 1 end end)
      slipstream.await(function() end, 10)
      while stopped == 0 do slipstream.await(function() end, 10) end
      print(stopped >= 10 and stopped < 100 and "some were stopped" or stopped)
      os.exit(0)
    ]]
    assert.equal("some were stopped\n", output)
    local named = select(2, errors:gsub("client stopped,", ""))
    assert.equal(10, named)
    local line = "error as memory still runs short, %d+ clients that held less had to be stopped, too\n"
    assert.truthy(errors:find(line))
  end)

  it("cuts off who does not come to an end, and lets it start again", function()
    local _, output, errors = run(growing .. [[
      local Slow = slipstream.client()
      function Slow:init() lives = lives + 1 print("life " .. lives) self:send_interval(5, "grow") end
      function Slow:handle_info()
        if lives > 1 then slipstream.stop "witness0" return "stop", "normal" end
        fill(self.assigns, 5000)
      end
      function Slow:terminate(reason)
        if reason ~= "normal" then slipstream.await(function() end, 60000) end
      end
      slipstream.start(Slow)
    ]])
    assert.equal("life 1\nlife 2\n", output)
    assert.falsy(errors:find("no client holds", 1, true)) -- what it held is free at once
  end)

  it("leaves the other workers alone", function()
    local code, output, errors = run(growing .. [[
      if worker.index == 1 then return slipstream.start(Growing, nil, { name = "growing" }) and nil end
      slipstream.cast("witness0", "still here")
    ]], "--workers", "2")
    assert.truthy(output:find("life 2 with 0\n", 1, true))
    local line = 'let it hold less bytes=%d+ client=growing holds="[^"]+" limit=%d+ worker=1\n'
    assert.truthy(errors:find(line))
    assert.falsy(errors:find("worker=0", 1, true))
    assert.equal(0, code)
  end)

  it("warns when no client can be blamed, and starts the worker again at the end", function()
    local path = program.file "script.lua" (witness .. [[
      local core = require "slipstream.core"
      local _, limit = core.memory()
      local hoard
      local function fill_to(part)
        collectgarbage()
        while core.memory() < limit * part do hoard = { hoard } end
      end
      local Innocent = slipstream.client { restart = "temporary" }
      function Innocent:init() self:send_interval(10, "grow") end
      function Innocent:handle_info() fill_to(0.89) end
      slipstream.log.set_sink(function(line)
        io.stderr:write(line .. "\n")
        if line:find("memory runs short", 1, true) then fill_to(0.92) end
      end)
      slipstream.start(Innocent)
    ]])
    local it_runs = program.start { "run", path, "--max-memory", "16" }
    it_runs:read_error "warn  memory runs short, and no client holds what could be let go bytes="
    it_runs:read_error "worker 0 failed: not enough memory; it starts again in 100 msec"
    assert.falsy(it_runs:errors():find("client stopped", 1, true))
    it_runs:signal "sigkill" -- it would go on so for three lives more
  end)

  it("says how little is too little", function()
    local code, it_ran = program.run { "run", program.file "script.lua" "", "--max-memory", "7" }
    assert.equal(2, code)
    assert.equal("slipstream: --max-memory: expected a whole number, 8 to 1048576, got 7"
      .. " (see slipstream run --help)\n", it_ran:errors())
    assert.equal(0, (program.run { "run", program.file "script.lua" "print 'ran'", "--max-memory", "8" }))
  end)
end)
