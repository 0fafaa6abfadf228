-- The limit of open files, of which each connection is one.
local program = require "spec.support.program"

describe("slipstream with its output closed", function()
  after_each(program.clean_up)

  it("does its work, and tells nobody", function()
    for _, closed in ipairs { ">&-", ">&- 2>&-", "<&- >&- 2>&-" } do
      local script = program.file "deed.lua" [[
        local uv, args = require "luv", ...
        local timer = uv.new_timer()
        timer:start(1, 0, function() timer:close() end)
        print "into nothing"
        assert(io.open(args.deed, "w")):close()
      ]]
      local deed = ("%s/deed %d"):format(program.folder(), #closed)
      local code = program.run({ "run", script, "--set", "deed=" .. deed }, { first = "exec " .. closed })
      assert.equal(0, code)
      assert(io.open(deed)):close()
    end
  end)
end)

describe("slipstream run and the limit of open files", function()
  after_each(program.clean_up)

  it("raises it as far as it may", function()
    local script = program.file "limit.lua" 'io.write(io.popen("ulimit -Sn"):read "a")'
    local code, it_ran = program.run({ "run", script }, { first = "ulimit -Sn 50; ulimit -Hn 300" })
    assert.equal(0, code)
    assert.equal("300\n", it_ran:output())
  end)

  it("says so when it is too low for the workers", function()
    local arguments = { "run", program.file "none.lua" "", "--workers", "4" }
    local code, it_ran = program.run(arguments, { first = "ulimit -n 40" })
    assert.equal(1, code)
    assert.equal("slipstream: at most 40 files may be open, and 4 workers would need more than 40;"
      .. " raise the limit (ulimit -n)\n", it_ran:errors())
    assert.equal(0, (program.run(arguments, { first = "ulimit -n 41" })))
  end)

  -- More clients than fit; each leaves some time after it has come, so that another one fits.
  local crowd = [[
    local slipstream = require "slipstream"
    local come, attempts = 0, 0
    slipstream.telemetry.attach("spec", "connection.connect.start", function() attempts = attempts + 1 end)
    local Guest = slipstream.client()
    function Guest:init(args) assert(self:connect { uri = args.uri }) end
    function Guest:handle_connect()
      come = come + 1
      self:send_after(200, "leave")
    end
    function Guest:handle_info()
      if come == 60 then
        print("all have come", attempts)
        os.exit(0)
      end
      return "stop", "normal"
    end
    return Guest
  ]]

  it("says how many clients fit, and the others come by back-off when there is room", function()
    local server = program.start { "serve", "--port", "0" }
    local uri = server:read("listening on"):match "ws://%S+"
    local arguments = { "run", program.file "crowd.lua" (crowd), "--uri", uri, "--clients", "60",
      "--workers", "1" }
    local code, it_ran = program.run(arguments, { first = "ulimit -n 50" })
    assert.equal(0, code)
    local attempts = tonumber(it_ran:output():match "^all have come\t(%d+)\n$")
    assert.is_true(attempts > 60 and attempts < 60 * 10)
    local line = "cannot connect to 127.0.0.1:%d+: at most 50 files may be open, and all are, with (%d+)"
      .. " connections here; raise the limit %(ulimit %-n, LimitNOFILE%)"
    local fit = tonumber(it_ran:errors():match(line))
    assert.is_true(fit > 30 and fit < 40)
    assert.falsy(it_ran:errors():find(" error ", 1, true))
  end)

  it("has a server say that who connects has to wait, and take them in turn", function()
    local server = program.start({ "serve", "--port", "0" }, { first = "ulimit -n 40" })
    local uri = server:read("listening on"):match "ws://%S+"
    local arguments = { "run", program.file "crowd.lua" (crowd), "--uri", uri, "--clients", "60" }
    assert.equal(0, (program.run(arguments)))
    server:read_error 'server: who connects has to wait reason="no more files may be open; raise the limit'
  end)

  it("makes no difference where there is enough: all clients join, whatever their number", function()
    local server = program.start { "serve", "--port", "0" }
    local uri = server:read("listening on"):match "ws://%S+"
    local path = program.file "many.lua" [[
      local slipstream = require "slipstream"
      local Many = slipstream.client()
      function Many:init(args) assert(self:connect { uri = args.uri }) end
      function Many:handle_connect() assert(self:join "room:lobby") end
      function Many:handle_join() return "stop", "normal" end
      return Many
    ]]
    local code, it_ran = program.run({ "run", path, "--uri", uri, "--clients", "300", "--log", "debug" },
      { first = "ulimit -Sn 64" })
    assert.equal(0, code)
    assert.equal(300, select(2, it_ran:errors():gsub(" joined ", "")))
  end)
end)
