--- `slipstream ctl`: speaks to a `slipstream run` that runs, at its control socket.

local control_path = require "slipstream.cli.control_path"
local core = require "slipstream.core"
local show = require "slipstream.show"
local slipstream = require "slipstream"
local status = require "slipstream.cli.status"
local status_text = require "slipstream.cli.status_text"
local uv = require "luv"

local M = { summary = "Control a `slipstream run` that runs: see what it does, stop it." }

local FAILED = 1
local CONNECT_MSEC, ANSWER_MSEC, RELOAD_MSEC = 2000, 10000, 60000
local MOST_BYTES = 4 << 20 -- of an answer

-- Answers.

local function print_word(word)
  print(word)
  return 0
end

local function print_json(value) print(core.json.encode(value)) end

-- What could not be done everywhere is a failure.
local function show_workers(workers, text_of)
  local has_failed = false
  for _, result in ipairs(workers) do
    local text, is_fault = text_of(result)
    has_failed = has_failed or is_fault
    print(("worker %d: %s"):format(result.worker, text))
  end
  return has_failed and FAILED or 0
end

local function show_level(result)
  if result.ok then return "ok", false end
  return status.fault_of(result), true
end

local function show_eval(result)
  if not result.ok then return status.fault_of(result), true end
  local value = result.value
  if value.error then return value.error, true end
  return #value.values == 0 and "no value" or table.concat(value.values, "  "), false
end

local function show_reload(value)
  local later = value.later > 0 and (", %d more after what they wait for"):format(value.later) or ""
  print(("reloaded %s: %s%s, in %.1f msec"):format(table.concat(value.modules, ", "),
    show.count(value.clients, "client"), later, value.msec))
  return 0
end

-- Each makes the request of the options, and shows the answer: the exit code.
local verbs = {
  status = {
    summary = "Tell of its clients, traffic, memory and modules.",
    text = "For each worker and in all. Rates are those since the last time that somebody asked.\n"
      .. "A worker that does not answer within 2 seconds is shown as such.",
    define = function(command) command:flag("--json", "As one line of JSON.") end,
    request = function() return {} end,
    show = function(value, options)
      if options.json then print_json(value) else print(status_text.show(value)) end
      return 0
    end,
  },
  reload = {
    summary = "Load its modules anew, under its live clients.",
    text = "All or nothing, in all workers: when it is refused the old code goes on, and the\n"
      .. "exit code is 1.",
    define = function(command)
      command:argument("MODULE", "This one, and those that require it; all when absent.")
        :argname "MODULE":target "module":args "?"
    end,
    request = function(options) return { module = options.module } end,
    show = show_reload,
    msec = RELOAD_MSEC,
  },
  stop = {
    summary = "End it, as SIGTERM does.",
    text = "Does not wait for the end. The program's exit code is 143.",
    request = function() return {} end,
    show = print_word,
  },
  drain = {
    summary = "Let its clients finish what is under way, then end it.",
    text = "Nothing new begins, and what was pushed is answered, within 5 seconds; then topics are\n"
      .. "left and connections closed with 1001. Does not wait for the end. The program's exit\n"
      .. "code is 0.",
    request = function() return {} end,
    show = print_word,
  },
  ["log-level"] = {
    summary = "Log from another level on.",
    define = function(command)
      command:argument("LEVEL"):argname "LEVEL":target "level":choices { "debug", "info", "warn", "error" }
    end,
    request = function(options) return { level = options.level } end,
    show = function(value) return show_workers(value.workers, show_level) end,
  },
  eval = {
    summary = "Run code in each worker, if it was started with --allow-eval.",
    text = "Shows what it returns, by worker, as the log would: cut short, and without secrets.\n"
      .. "For example: slipstream ctl eval '#slipstream.clients()'",
    define = function(command)
      command:argument("EXPR", "An expression, or statements."):argname "EXPR":target "code"
    end,
    request = function(options) return { code = options.code } end,
    show = function(value) return show_workers(value.workers, show_eval) end,
  },
}

local order = { "status", "reload", "stop", "drain", "log-level", "eval" }

local epilog = [[
The program is found by its control socket: that of `slipstream run --control PATH`, or
$XDG_RUNTIME_DIR/slipstream-PID.sock. Only its owner can open it.

Exit code: 0; 1 when nobody answers, or not every worker did what was asked; 2: wrong usage.]]

function M.define(command)
  command:epilog(epilog)
  command:option("--control", "Where it listens; the one that runs in $XDG_RUNTIME_DIR when absent.")
    :argname "PATH"
  command:command_target "verb"
  for _, name in ipairs(order) do
    local verb = verbs[name]
    local of_verb = command:command(name, verb.text and verb.summary .. "\n\n" .. verb.text or verb.summary)
    of_verb:summary(verb.summary)
    if verb.define then verb.define(of_verb) end
  end
end

-- The connection.

local function connect(path)
  local pipe, code = slipstream.await(function(go_on)
    control_path.connect(path, function(pipe, code) go_on(pipe or false, code) end)
  end, CONNECT_MSEC)
  return pipe, code
end

local function read_line(pipe, msec)
  local parts, size = {}, 0
  return slipstream.await(function(go_on)
    pipe:read_start(function(err, bytes)
      if err or not bytes then return go_on(nil, "the program ended before it answered") end
      parts[#parts + 1], size = bytes, size + #bytes
      if bytes:find("\n", 1, true) then return go_on(table.concat(parts)) end
      if size > MOST_BYTES then return go_on(nil, "the program's answer is too long") end
    end)
  end, msec)
end

local words = { timeout = "the program does not answer" }

-- Asks who is connected; answers the value, or nil and a text.
local function ask(pipe, request, msec)
  local line, text = core.json.encode(request)
  if line then
    pipe:write(line .. "\n")
    line, text = read_line(pipe, msec)
  end
  pipe:close()
  if not line then return nil, words[text] or text end
  local answer = core.json.decode(line)
  if type(answer) ~= "table" then return nil, "the program's answer cannot be read" end
  if not answer.ok then return nil, answer.error end
  return answer.value
end

-- Which one.

local failures = {
  ENOENT = "there is no such socket", ECONNREFUSED = "nobody listens there any more",
  EACCES = "it belongs to somebody else", ENAMETOOLONG = "too long for the path of a socket",
  EAGAIN = "too many ask it at once", timeout = "it does not answer",
}

-- To connect to a file of another kind is refused, too.
local function why_not(path, code)
  local found = code == "ECONNREFUSED" and uv.fs_stat(path)
  if found and found.type ~= "socket" then return "it is no socket" end
  return failures[code] or code
end

local function connect_to(path)
  local pipe, code = connect(path)
  if pipe then return pipe end
  return nil, ("%s: %s"):format(path, why_not(path, code))
end

-- Those that run, by what is in the folder.
local function running()
  local pipes, paths = {}, {}
  for _, path in ipairs(control_path.list()) do
    local pipe = connect(path)
    if pipe then
      pipes[#pipes + 1], paths[#paths + 1] = pipe, path
    end
  end
  return pipes, paths
end

local function find()
  if not control_path.default() then
    return nil, "XDG_RUNTIME_DIR is not set; say which program with --control PATH"
  end
  local pipes, paths = running()
  if #pipes == 1 then return pipes[1] end
  for _, pipe in ipairs(pipes) do pipe:close() end
  if #pipes == 0 then return nil, "no program runs; or say where with --control PATH" end
  return nil, "several programs run; choose one with --control PATH:\n  " .. table.concat(paths, "\n  ")
end

local function carry_out(options)
  local verb = verbs[options.verb]
  local pipe, text
  if options.control then pipe, text = connect_to(options.control) else pipe, text = find() end
  if not pipe then return nil, text, FAILED end
  local request = verb.request(options)
  request.verb = options.verb
  local value, why = ask(pipe, request, verb.msec or ANSWER_MSEC)
  if value == nil then return nil, why, FAILED end
  return verb.show(value, options)
end

--- Runs the command.
---@param options table what `define` asked for
---@return integer? code the exit code
---@return string? text
---@return integer? failure
function M.run(options)
  return slipstream.run(carry_out, options)
end

return M
