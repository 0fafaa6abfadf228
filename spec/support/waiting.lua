-- Waiting: clients whose handle_connect waits, and what it came to.
local recorder = require "spec.support.recorder"
local slipstream = require "slipstream"

local M = {}

-- Starts a client that runs `fn(self)` in handle_connect, and lets it connect. Answers its calls, see
-- spec.support.recorder, with `client` and, as soon as `fn` has returned, `results`, packed.
function M.client(host, server, fn, own, config)
  local module, calls
  own = own or {}
  function own.handle_connect(self)
    if calls.has_run then return end
    calls.has_run = true
    calls.results = table.pack(fn(self))
  end
  module, calls = recorder.module(config, own)
  calls.client = assert(slipstream.start(module, nil, { host = host }))
  server:accept()
  return calls
end

-- The same with room:1 joined; `calls.join` is the server's side of it.
function M.joined_client(host, server, fn, own, config)
  local calls = M.client(host, server, function(self)
    assert(self:join "room:1")
    assert(self:await_join "room:1")
    return fn(self)
  end, own, config)
  calls.join = server:expect_join("room:1"):reply("ok")
  return calls
end

-- Values one by one, as `results` of `fn` are to be compared.
function M.results(calls)
  assert(calls.results, "it still waits")
  return table.unpack(calls.results, 1, calls.results.n)
end

return M
