-- Worker_script: what scripts for several workers begin with, and a client that they talk to.

local M = {}

-- `find` waits until a name is there, on whatever worker.
M.prelude = [[
  local slipstream = require "slipstream"
  local worker = slipstream.worker
  local function find(name)
    local found = slipstream.whereis(name)
    while not found do
      slipstream.await(function() end, 5)
      found = slipstream.whereis(name)
    end
    return found
  end
]]

-- On worker 0: a client that is called "echo".
M.echo = M.prelude .. [[
  local Echo = slipstream.client { restart = "temporary" }
  function Echo:handle_call(request, from)
    if request == "never" then return end
    if request == "stop" then return "stop", "shutdown" end
    if request == "keep" then self:assign("from", from) return end
    if request == "count" then return "reply", self.assigns.count end
    return "reply", request
  end
  function Echo:handle_cast(step) self:assign("count", (self.assigns.count or 0) * 10 + step) end
  function Echo:handle_info(message)
    if message.to then message.to:send(message) else print("echo got", message.text) end
  end
  function Echo:terminate(reason) print("echo ends", reason) end
  if worker.index == 0 then
    slipstream.start(Echo, nil, { name = "echo" })
    return
  end
]]

-- `fill` leaves no room in the queue of a worker, or of the lead: with answers that nobody waits for, each
-- smaller than whatever else may come.
M.fill = [[
  local core, seat = require "slipstream.core", require "slipstream.seat"
  local function fill(index)
    for _, value in ipairs { { ("x"):rep(1 << 20) }, { ("x"):rep(1 << 10) }, {} } do
      local bytes = core.pack { "answer", value }
      repeat until not seat.mine():post(index, bytes)
    end
  end
]]

return M
