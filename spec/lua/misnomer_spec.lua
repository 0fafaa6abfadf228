local log = require "slipstream.log"
local slipstream = require "slipstream"

describe("a function of a client module", function()
  local former, logged

  before_each(function()
    logged = {}
    former = log.set_sink(function(_, entry) logged[#logged + 1] = entry.level .. " " .. entry.text end)
  end)

  after_each(function() log.set_sink(former) end)

  local function start(names)
    local module = slipstream.client()
    for _, name in ipairs(names) do module[name] = function() end end
    slipstream.start(module):stop()
    return module
  end

  it("is warned of when its name is nearly that of a callback", function()
    start { "handle_conect", "handle_messages", "handle_reconnect", "hanlde_join", "terminat" }
    assert.same({
      "warn handle_conect is no callback; did you mean handle_connect?",
      "warn handle_messages is no callback; did you mean handle_message?",
      "warn handle_reconnect is no callback; did you mean handle_connect?",
      "warn hanlde_join is no callback; did you mean handle_join?",
      "warn terminat is no callback; did you mean terminate?",
    }, logged)
  end)

  it("is warned of when it begins like a callback, though none is near", function()
    start { "handle_xyzzy", "handle_" }
    assert.same({ "warn handle_ is no callback", "warn handle_xyzzy is no callback" }, logged)
  end)

  it("is named with the line at which it begins", function()
    local place
    log.set_sink(function(_, entry) place = entry.fields.line end)
    start { "handle_conect" }
    assert.matches("misnomer_spec%.lua:%d+$", place)
  end)

  it("is warned of once, however many clients its module has", function()
    local module = start { "handle_conect" }
    slipstream.start(module):stop()
    assert.equal(1, #logged)
  end)

  it("may be a callback or have a name of its own", function()
    start { "init", "handle_connect", "exit", "greet", "list", "say" }
    assert.same({}, logged)
  end)

  it("is none when it is another value, or has no name", function()
    local module = slipstream.client()
    module[1], module.handle_timeout_msec = print, 7
    slipstream.start(module):stop()
    assert.same({}, logged)
  end)
end)
