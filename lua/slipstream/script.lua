--- Scripts: code that is not a client's callback and waits all the same.

local check = require "slipstream.check"
local client_module = require "slipstream.client"
local endings = require "slipstream.ending"
local fiber = require "slipstream.fiber"
local handle = require "slipstream.handle"
local hosts = require "slipstream.host"
local process = require "slipstream.process"
local traceback = require "slipstream.traceback"

local M = {}

local AWAIT_MSEC = 5000

---@class slipstream.Script
---@field is_over boolean?
---@field clients table<slipstream.Client, true> that it has started, kept by slipstream.registry
---@field outcome table? packed: whether it went well, and its results or what was caught

-- The clients that a script has started and that have not ended.
local function clients_of(script)
  local list = {}
  for client in next, script.clients do list[#list + 1] = client end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

-- A socket without a module ends with its script; so does everything when that has failed.
local function stop_clients(script, has_failed)
  for _, client in ipairs(clients_of(script)) do
    if has_failed or client._socket._is_passive then client:stop() end
  end
end

-- Those that are started meanwhile are awaited as well.
local function await_clients(script)
  local list = clients_of(script)
  while #list > 0 do
    for _, client in ipairs(list) do handle.await_end(client) end
    list = clients_of(script)
  end
end

local function body(script, awaits_all, fn, ...)
  local outcome = table.pack(xpcall(fn, traceback.catch, ...))
  if not outcome[1] then outcome[2] = traceback.caught(outcome[2]) end
  stop_clients(script, not outcome[1])
  if awaits_all then await_clients(script) end
  return outcome
end

local function finished(script, state, outcome)
  if state == "waiting" then return end
  if state == "failed" then stop_clients(script, true) end -- otherwise than by an error, which `body` catches
  script.is_over, script.outcome = true, state == "done" and outcome or { false, outcome, n = 2 }
  if script.on_end then script.on_end(script) end
end

---@class slipstream.ScriptOptions
---@field host userdata?
---@field name string? for the log
---@field awaits_clients boolean? it is over when the clients are that it started, too
---@field on_end fun(script: slipstream.Script)?

--- Begins a script: runs `fn(…)` until it waits or is done.
---@param options slipstream.ScriptOptions
---@param fn function
---@param ... any
---@return slipstream.Script
function M.begin(options, fn, ...)
  local script = {
    _client = { name = options.name or "script", _host = options.host or hosts.of(false) },
    _fiber = false, _done = false, _alarm = false, _is_script = true, clients = {},
    on_end = options.on_end,
  }
  fiber.run(script, finished, body, script, options.awaits_clients, fn, ...)
  return script
end

--- Ends a script that waits: its `<close>` variables are closed; its clients go on.
---@param script slipstream.Script
function M.cancel(script)
  fiber.cancel(script)
  script.is_over, script.outcome = true, { false, n = 1 }
end

local function is_over(script)
  if script.is_over then return true end
end

-- Nothing is left that could happen, but clients that it would wait for: they end as if told to. One that
-- does so already waits, in `terminate`, for what cannot come.
local function stop_idle(script)
  local list = clients_of(script)
  if #list == 0 then error("slipstream.run: the script waits, but nothing is left that could happen", 0) end
  for _, client in ipairs(list) do
    if client:status() == "stopping" then endings.kill(client._socket, "normal") else client:stop() end
  end
end

-- Outside of its loop: turns it until the script is over.
local function drive(script)
  while not script.is_over do
    if not hosts.turn(script._client._host, is_over, script) and not script.is_over then stop_idle(script) end
  end
end

--- What a script that is over has returned; raises what it has raised.
---@param script slipstream.Script
---@return any ...
function M.results_of(script)
  local outcome = script.outcome
  if outcome[1] then return table.unpack(outcome, 2, outcome.n) end
  local caught = outcome[2]
  error(caught.traceback == "" and caught.text or caught.text .. "\n" .. caught.traceback, 0)
end

-- Whoever ran it waits no longer for it.
local Running = {}

function Running.__close(script)
  if script.is_over then return end
  M.cancel(script)
  stop_clients(script, true)
end

--- Runs `fn(…)`, which may wait, and the loop, until it and the clients that it started are done. Where the
-- loop runs already, as in the program, it waits for that. An error in `fn` ends the clients that it
-- started, and is raised; so does the end of the client that waits for it.
---@param fn function
---@param ... any
---@return any ... what `fn` returned
function M.run(fn, ...)
  check.is(1, fn, "function")
  local owner = fiber.current() and fiber.check_may_wait()
  local host = hosts.of(owner)
  if owner and owner._client._host ~= host then owner = nil end -- it does not turn by itself
  local script <close> = setmetatable(M.begin({
    host = host,
    awaits_clients = true,
    on_end = owner and function() fiber.poke(owner) end,
  }, fn, ...), Running)
  if not owner then
    drive(script)
  elseif not script.is_over then
    fiber.await(nil, is_over, script)
  end
  return M.results_of(script)
end

-- Sockets without a module.

-- One that a callback connects ends with its client.
local function tie(client)
  local owner = fiber.current()
  if not owner or owner._is_script then return end
  local socket = owner.socket or owner -- a question's, or its own
  socket._tied = socket._tied or setmetatable({}, { __mode = "k" })
  socket._tied[client] = true
end

--- Connects a socket without a module: its events wait until a script awaits them. It has no callbacks, so
-- nothing is done by default: it does not connect or join again by itself after a loss.
---@param config slipstream.Config
---@param options { name: string?, host: userdata? }?
---@return slipstream.Socket? socket, string? err, string? code nil, "uri: scheme must be ws or wss, got http"
function M.connect(config, options)
  check.is(1, config, "table")
  check.are_options(2, options, { name = "string", host = "userdata" })
  check.is_name_option(2, options)
  local client, text = handle.start(client_module.passive, nil, options)
  if not client then return nil, text, text end
  local socket = client._socket
  process.make_passive(socket)
  local ok, code
  ok, text, code = socket:connect(config)
  if ok then
    tie(client)
    return socket
  end
  endings.kill(socket, "normal")
  return nil, text, code
end

-- Anything else that calls back.

local function has_answer(answer)
  if answer.values then return true, table.unpack(answer.values, 1, answer.values.n) end
end

--- Waits for a callback of anything: `start(go_on)` begins it, and `go_on(…)` ends the wait.
---@param start fun(go_on: fun(...: any))
---@param msec integer? 5000
---@return any ... what `go_on` was given; nil, "timeout"
function M.await(start, msec)
  check.is(1, start, "function")
  check.is_msec(2, msec)
  local owner, answer = fiber.check_may_wait(), {}
  start(function(...)
    answer.values = answer.values or table.pack(...)
    fiber.poke(owner)
  end)
  return fiber.await(msec or AWAIT_MSEC, has_answer, answer)
end

return M
