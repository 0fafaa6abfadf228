local config = require "slipstream.config"

-- Other specs may have said the same.
local count = 0
local function uri()
  count = count + 1
  return ("ws://alike-%d.test/socket"):format(count)
end

local function read(given) return (assert(config.read(given))) end

describe("configs that say the same", function()
  it("become the same settings, also when their lists and tables are not the same", function()
    local function said(to)
      return {
        uri = to, tls = { ca_file = nil, verify = false }, heartbeat_interval_msec = 0,
        reconnect_after_msec = { 1, 2 }, compress = { level = 1 }, local_address = { "127.0.0.2" },
      }
    end
    local to = uri()
    local settings, numbers = config.read(said(to))
    local others, other_numbers = config.read(said(to))
    assert.equal(settings, others)
    assert.equal(numbers, other_numbers)
  end)

  it("are dialled alike", function()
    local settings = read { uri = uri(), auth_token = "secret" }
    assert.equal(config.dial(settings), config.dial(settings))
    assert.not_equal(config.dial(settings), config.dial(settings, { auth_token = "other" }))
  end)

  it("need not be looked at again where nothing else says how they are reached", function()
    local here = read { uri = "ws://127.0.0.1:1/" .. uri():match "alike.*" }
    assert.truthy(config.dial(here).made)
    assert.equal(config.dial(here), config.dial(here))
    local by_proxy = read { uri = uri(), proxy = "http://proxy.test:8080" }
    assert.truthy(config.dial(by_proxy).made)
  end)

  it("are reached as the environment says then", function()
    local settings = read { uri = uri() }
    assert.is_nil(config.dial(settings).made)
    local getenv = stub(os, "getenv")
    getenv.by_default.invokes(function(name) return name == "http_proxy" and "proxy.test:8080" end)
    finally(function() getenv:revert() end)
    assert.same("proxy.test", config.dial(settings).proxy.host)
  end)

  it("ask a function for its params each time", function()
    local asked = 0
    local function params()
      asked = asked + 1
      return { n = asked }
    end
    local to = uri()
    local settings = read { uri = to, params = params }
    assert.equal(settings, read { uri = to, params = params })
    assert.truthy(config.dial(settings).uri:find "n=1")
    assert.truthy(config.dial(settings).uri:find "n=2")
  end)

  it("take turns with their addresses", function()
    local to = uri()
    local function next_address()
      return config.dial(read { uri = to, local_address = { "127.0.0.2", "127.0.0.3" } }).local_address
    end
    assert.not_equal(next_address(), next_address())
  end)

  it("are looked at again when there is a table in them that may have changed", function()
    local given = { uri = uri(), params = { a = 1 }, headers = { ["x-a"] = "1" } }
    local settings = read(given)
    assert.equal(settings, read(given))
    given.params.a, given.headers["x-a"] = 2, "2"
    assert.truthy(config.dial(settings).uri:find "a=2")
    given.params.a = print
    assert.same({ nil, "params: a: cannot put a function into a query" }, { config.read(given) })
    given.params.a, given.headers["x-a"] = 1, "\n"
    assert.is_nil(config.read(given))
  end)
end)

describe("configs that differ", function()
  it("have settings of their own", function()
    local to = uri()
    local settings = read { uri = to, jitter = 0, reconnect_after_msec = { 1 } }
    assert.not_equal(settings, read { uri = to, jitter = 1, reconnect_after_msec = { 1 } })
    assert.not_equal(settings, read { uri = to, jitter = 0, reconnect_after_msec = { 1, 2 } })
    assert.not_equal(settings, read { uri = to, jitter = 0 })
    assert.not_equal(settings, read { uri = to, jitter = 0, reconnect_after_msec = { 1 }, proxy = false })
  end)

  it("have settings of their own, also when they differ in what they inherit", function()
    local to = uri()
    local function dial_of(secret)
      return config.dial(read(setmetatable({ uri = to }, { __index = { auth_token = secret } })))
    end
    assert.not_equal(dial_of("ann").protocols, dial_of("bob").protocols)
    assert.is_nil(config.dial(read { uri = to }).protocols)
  end)

  it("are checked, however well the one before was", function()
    local given = { uri = uri(), reconnect_after_msec = { 1 } }
    read(given)
    given.reconnect_after_msec[1] = -1
    assert.truthy(select(2, config.read(given)):find "^reconnect_after_msec: %[1%]")
  end)

  it("do not change what another one has said", function()
    local given = { uri = uri(), tls = { verify = false } }
    local settings = read(given)
    given.tls.verify = true
    assert.not_equal(settings, read(given))
    assert.is_false(settings.tls.verify)
  end)

  it("are forgotten, the oldest first", function()
    local first = uri()
    local settings = read { uri = first }
    for _ = 1, 8 do read { uri = uri() } end
    assert.not_equal(settings, read { uri = first })
  end)

  it("are forgotten with the last who has them", function()
    local settings = setmetatable({ read { uri = uri() } }, { __mode = "v" })
    collectgarbage()
    collectgarbage()
    assert.is_nil(settings[1])
  end)
end)
