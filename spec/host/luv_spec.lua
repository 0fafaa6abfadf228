-- luv, on whose loop there are handles of ours.
local core = require "slipstream.core"
-- What `require` has answered before: busted, which forgets that between files, has it opened anew.
local uv = debug.getregistry()["slipstream.luv"]

describe("uv.walk", function()
  local timer

  before_each(function()
    core.host() -- which has handles on the loop
    timer = uv.new_timer()
  end)

  after_each(function()
    timer:close()
    uv.run "nowait"
  end)

  it("meets each of the handles that were made by luv, and no other", function()
    local met = {}
    uv.walk(function(handle) met[handle] = (met[handle] or 0) + 1 end)
    assert.equal(1, met[timer])
    for handle in pairs(met) do assert.is_string(handle:get_type()) end
  end)

  it("lets handles be closed and made meanwhile", function()
    local another
    uv.walk(function(handle)
      if handle ~= timer then return end
      another = another or uv.new_timer()
      another:close()
    end)
    assert.is_true(another:is_closing())
  end)

  it("raises what is raised in it", function()
    assert.has_error(function() uv.walk(function() error("enough", 0) end) end, "enough")
    assert.has_error(function() uv.walk() end, "bad argument #1 to 'walk' (function expected, got no value)")
  end)
end)
