-- The host's place on a loop that scripts put handles of their own on.
local core = require "slipstream.core"
local loop = require "spec.support.loop"
local uv = require "luv"

describe("the loop #wire", function()
  -- libuv calls first what was started last, so this one runs after the host's own.
  it("looks at what is asked for right before it waits", function()
    core.host():close()
    loop.turn() -- while handles close it would not wait anyway
    local right_before, limit = uv.new_prepare(), uv.new_timer()
    local is_due, is_late = false, false
    local client
    right_before:start(function()
      right_before:stop()
      client:connect()
    end)
    client = core.host():client({ connect_due = function() is_due = true end }, {})
    limit:start(1000, 0, function() is_late = true end)
    while not is_due and not is_late do uv.run "once" end
    assert.is_false(is_late)
    client:close()
    loop.close(right_before)
    loop.close(limit)
  end)
end)
