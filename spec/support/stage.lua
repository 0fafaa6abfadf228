-- Stage: scenarios played against an embedded server of this process.
local core = require "slipstream.core"
local default_app = require "slipstream.server.default_app"
local log = require "slipstream.log"
local loop = require "spec.support.loop"
local play = require "slipstream.scenario.play"
local script = require "slipstream.script"

local Stage = {}
Stage.__index = Stage

local M = {}

-- Serves the app, or the chat; what is logged goes nowhere.
function M.open(app)
  app = app or default_app.new()
  local handle = assert(app:listen())
  local uri = ("ws://127.0.0.1:%d/socket/websocket"):format(handle.port)
  return setmetatable({ app = app, handle = handle, uri = uri, sink = log.set_sink(function() end) }, Stage)
end

-- A case of that function, as a file has it.
function M.case(fn, options)
  local case = {
    name = "a scenario", file = "spec", line = 1, tags = {}, timeout = 5000, await = 2000, net = false,
    weight = 1, fn = fn, setups = {}, teardowns = {},
  }
  for name, value in pairs(options or {}) do case[name] = value end
  return case
end

-- Plays a scenario to its end, and answers the result. The options of the case may have those of `play.run`
-- as `play`.
function Stage:play(fn, options)
  local given = { uri = self.uri }
  for name, value in pairs(options and options.play or {}) do given[name] = value end
  return script.run(play.run, M.case(fn, options), given)
end

-- Why one fails, which must not pass: the text, and the lines of its story as one text.
function Stage:failure(fn, options)
  local result = self:play(fn, options)
  assert(result.status == "failed", "it has " .. result.status)
  return result.failure.text, table.concat(result.failure.story, "\n")
end

-- It must fail with that in its text.
function Stage:fails(part, fn, options)
  local text = self:failure(fn, options)
  if not text:find(part, 1, true) then error(("%q is not in %q"):format(part, text), 2) end
end

function Stage:passes(fn, options)
  local result = self:play(fn, options)
  if result.status == "passed" then return end
  error(result.failure.text .. "\n" .. table.concat(result.failure.story, "\n"), 2)
end

-- Nothing may be left on the loop.
function Stage:close()
  self.handle:stop()
  core.host():close()
  log.set_sink(self.sink)
  return loop.is_empty()
end

return M
