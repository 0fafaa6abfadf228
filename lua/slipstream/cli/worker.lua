--- A worker of `slipstream run`: a thread that loads the file, and runs it and its share of the clients.

local control = require "slipstream.cli.control"
local core = require "slipstream.core"
local drain = require "slipstream.drain"
local endings = require "slipstream.ending"
local facts = require "slipstream.cli.facts"
local farewell = require "slipstream.cli.farewell"
local file = require "slipstream.cli.script"
local handle = require "slipstream.handle"
local laggard = require "slipstream.cli.laggard"
local log_options = require "slipstream.cli.log_options"
local loop = require "slipstream.cli.loop"
local measures = require "slipstream.cli.measures"
local memory = require "slipstream.memory"
local modules = require "slipstream.modules"
local outcome = require "slipstream.cli.outcome"
local parcel = require "slipstream.parcel"
require "slipstream.reception"
local script = require "slipstream.script"
local seat = require "slipstream.seat"
local slipstream = require "slipstream"
local team = require "slipstream.team"
local uv = require "luv"
local worker = require "slipstream.worker"

local M = {}

local FAILED = 1

local function args_of(options, index)
  local args = { uri = options.uri, index = index }
  for _, pair in ipairs(options.set) do args[pair.key] = pair.value end
  return args
end

-- Ending.

-- Everybody says goodbye; who is not done in time is cut when the thread ends.
local function shut_down(main)
  farewell.say(function()
    main.is_over = true
    uv.stop()
  end)
end

-- The file.

-- The log, too, tells several apart by their args.index.
local function start_client(module, options, index)
  local id = options.clients > 1 and index or nil
  return handle.launch(handle.new(module, args_of(options, index), { id = id }))
end

-- Of the clients, each worker has every so many. Where its first one fails at once, all others would, with
-- the same lines in the log.
local function start_share(module, options)
  local first = worker.index == 0 and worker.count or worker.index
  for index = first, options.clients, worker.count do
    local client, reason = start_client(module, options, index)
    if index == first and index + worker.count <= options.clients and not client
      and endings.is_failure(reason) then
      return slipstream.log.error "stopped starting clients: the first one failed in init"
    end
  end
end

-- Nothing can come to those who are left: they end as if they were told to.
local function stop_idle()
  for _, client in ipairs(outcome.clients()) do client:stop() end
end

---@class slipstream.cli.Main
---@field script slipstream.Script? the main chunk
---@field value any what it returned
---@field fault string? what is wrong with it
---@field code integer? the exit code then
---@field is_ending boolean? the lead said so
---@field is_over boolean? and all have said goodbye
---@field has_no_memory boolean? whoever is to blame, it is not a client

-- With a file that is wrong nobody goes on, on no worker.
local function refuse(main, text, code)
  if main.fault then return end
  main.fault, main.code = text, code
  team.urge(team.LEAD, "fault")
  stop_idle()
end

-- The main chunk has returned or failed; what it wanted is of no interest when everything ends.
local function chunk_ended(main, ok, value, options)
  if main.is_ending then return end
  if not ok then return refuse(main, outcome.explain(options, value), FAILED) end
  local fault, code = outcome.fault_of(value, options)
  if fault then return refuse(main, fault, code) end
  main.value = value
  modules.returned(value)
  if value then start_share(value, options) end
end

local function run_chunk(chunk, main, options)
  local function on_end(self) chunk_ended(main, self.outcome[1], self.outcome[2], options) end
  main.script = script.begin({ name = options.file, on_end = on_end }, chunk, args_of(options, 1))
end

-- The loop.

-- The lead tells: a signal came, or another worker has a fault. A main chunk that runs the loop itself is not
-- known yet, and is left by uv.stop.
local function end_all(main)
  if main.is_ending then return end
  main.is_ending = true
  if main.script then script.cancel(main.script) end
  shut_down(main)
end

-- Runs the loop until it has nothing to do. What is raised in a callback of luv's is a fault of the file;
-- want of memory ends this worker, and another life of it may have more luck.
local function run_loop(main, options)
  repeat
    local ok, answer, has_no_memory = loop.run()
    if main.has_no_memory then error("not enough memory", 0) end
    if ok then return answer end
    if has_no_memory then error(answer.text, 0) end
    refuse(main, outcome.explain(options, answer), FAILED)
  until main.is_over
end

-- Runs it until nothing is left to do here, nor for any other worker, which could want something.
local function run_until_idle(main, options)
  while not main.is_over do
    local is_stopped = run_loop(main, options) -- by uv.stop
    if is_stopped or seat.mine():rest() == "over" then return end
  end
end

-- A script that still waits then waits for clients to which nothing can come any more: they end as if they
-- were told to.
local function run_out(main, options)
  run_until_idle(main, options)
  while not main.script.is_over and #outcome.clients() > 0 do
    stop_idle()
    run_loop(main, options)
  end
  if not main.script.is_over then script.cancel(main.script) end -- it called uv.stop
end

local function tell_files(files) team.deliver(team.LEAD, "files", files) end

-- Loads the file and runs it.
local function run_file(main, options, texts)
  modules.track(options.file, args_of(options, 1), tell_files, texts)
  local chunk, fault, code = file.load(options.file, modules.main_text())
  if not chunk then return refuse(main, fault, code) end
  team.on("end", function() end_all(main) end)
  team.on("drain", function() drain.begin(function() end_all(main) end) end)
  team.answer("texts", modules.texts)
  if options.control then facts.begin(options.allow_eval) end
  if options.metrics then measures.begin() end
  laggard.tell()
  if options.clients > 1 then handle.keep_ids(options.clients) end
  parcel.begin()
  run_chunk(chunk, main, options)
  return run_out(main, options)
end

-- The memory is at its end.
local function give_in(main)
  main.has_no_memory = true
  uv.stop()
end

local function run(options, texts)
  local ends, main = outcome.watch(), {}
  memory.guard(function() give_in(main) end)
  run_file(main, options, texts)
  if main.fault then return nil, main.fault, main.code end
  if main.is_ending then return 0 end
  local code, text, failure = outcome.result(options, ends, main.value)
  stop_idle()
  return code, text, failure
end

-- The thread.

-- The program's exit, with other threads at work: the lead has no turn any more to tidy up.
local function exit(options, code)
  if options.control_inode then control.remove(options.control, options.control_inode) end
  if type(code) ~= "number" then code = code == false and FAILED or 0 end
  return core.team.exit(code)
end

-- Lua's own writes piece by piece, so that lines of several threads could mix.
local function print_line(...)
  local texts = table.pack(...)
  for place = 1, texts.n do texts[place] = tostring(texts[place]) end
  io.stdout:write(table.concat(texts, "\t") .. "\n")
end

-- Dials are shared out; nobody has none.
local function share_of_dials(options)
  local share, rest = options.max_dials // worker.count, options.max_dials % worker.count
  return math.max(1, worker.index < rest and share + 1 or share)
end

--- Runs in a thread of its own, in a state of its own.
---@param bytes string packed: the options of the command, the life of this worker, and the texts that the
---others have loaded when it is not the first
---@return integer code the exit code
---@return string? text what is wrong
function M.main(bytes)
  local order = core.unpack(bytes)
  local options = order.options
  rawset(os, "exit", function(code) return exit(options, code) end)
  rawset(_G, "print", print_line)
  seat.join(order.life)
  log_options.apply(options)
  core.host():set_max_dials(share_of_dials(options))
  local code, text, failure = run(options, order.texts)
  loop.run "nowait" -- the end of clients is of the next turn
  return code or failure, text
end

return M
