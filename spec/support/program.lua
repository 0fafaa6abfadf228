-- Program: `slipstream` as a process of its own, for specs of what its user sees:
--
--   local run = program.start { "run", program.file "chat.lua" [[…]], "--log", "debug" }
--   run:read "joined"       -- the next line of its output that has this text, waited for
--   run:signal "sigint"
--   local code = run:exit() -- waited for, too
--
-- Nothing takes longer than a deadline; `clean_up` ends what a failed spec left running.
local loop = require "spec.support.loop"
local uv = require "luv"

local M = {}

local DEADLINE_MSEC = 30000 -- a sanitizer makes work of a second last for ten, on a busy machine

--- Where it is.
M.binary = assert(uv.fs_realpath(os.getenv "SLIPSTREAM_BIN" or "build/dev/slipstream"))

local Program = {}
Program.__index = Program

local started = {}
local folder

-- Files.

-- A folder that goes with `clean_up`.
function M.folder()
  folder = folder or assert(uv.fs_mkdtemp "/tmp/cli-XXXXXX")
  return folder
end

-- Writes a file into the folder; answers its path.
function M.file(name)
  return function(text)
    local path = M.folder() .. "/" .. name
    local file <close> = assert(io.open(path, "w"))
    file:write(text)
    return path
  end
end

-- The program itself, copied to the folder.
function M.copy()
  local path = M.folder() .. "/copied"
  assert(uv.fs_copyfile(M.binary, path))
  return path
end

local function remove(path)
  for name, kind in uv.fs_scandir_next, assert(uv.fs_scandir(path)) do
    local child = path .. "/" .. name
    if kind == "directory" then remove(child) else assert(uv.fs_unlink(child)) end
  end
  assert(uv.fs_rmdir(path))
end

-- Processes.

-- Ours, without the sanitizer that busted was lent, and with what the spec sets.
local function environment(more)
  local list = {}
  local all = uv.os_environ()
  all.LD_PRELOAD = nil
  for name, value in pairs(more or {}) do all[name] = value end
  for name, value in pairs(all) do list[#list + 1] = name .. "=" .. value end
  return list
end

local function new_stream()
  return { pipe = uv.new_pipe(), rest = "", lines = {}, text = "", taken = 0 }
end

local function read(stream)
  stream.pipe:read_start(function(_, bytes)
    if not bytes then
      stream.is_over = true
      return
    end
    stream.text, stream.rest = stream.text .. bytes, stream.rest .. bytes
    for line in stream.rest:gmatch "([^\n]*)\n" do table.insert(stream.lines, line) end
    stream.rest = stream.rest:match "[^\n]*$"
  end)
end

-- Starts the program with these arguments; `options` may have env (a map of what to add), bare (no
-- environment at all), cwd, path, and first: what a shell does before it becomes the program.
function M.start(arguments, options)
  options = options or {}
  local self = setmetatable({ out = new_stream(), err = new_stream() }, Program)
  local settings = {
    args = arguments, cwd = options.cwd, env = options.bare and {} or environment(options.env),
    stdio = { nil, self.out.pipe, self.err.pipe },
  }
  local path = options.path or M.binary
  if options.first then
    settings.args = { "-c", options.first .. '; exec "$0" "$@"', path, table.unpack(arguments) }
    path = "/bin/sh"
  end
  self.process, self.pid = uv.spawn(path, settings, function(code, signal)
    self.code, self.ended_by = code, signal
  end)
  assert(self.process, self.pid)
  read(self.out)
  read(self.err)
  started[#started + 1] = self
  return self
end

-- Runs it to its end; answers its exit code, and itself.
function M.run(arguments, options)
  local self = M.start(arguments, options)
  return self:exit(), self
end

-- Lines.

local function take(stream, text)
  while stream.taken < #stream.lines do
    stream.taken = stream.taken + 1
    local line = stream.lines[stream.taken]
    if line:find(text, 1, true) then return line end
  end
end

local function await(self, stream, text)
  local line
  loop.wait(function()
    line = line or take(stream, text)
    return line or stream.is_over
  end, DEADLINE_MSEC)
  if line then return line end
  error(("no line has %q; it said:\n%s%s"):format(text, self.out.text, self.err.text), 3)
end

-- The next line on stdout that has the text.
function Program:read(text) return await(self, self.out, text) end

-- The next line on stderr that has the text.
function Program:read_error(text) return await(self, self.err, text) end

function Program:output() return self.out.text end

-- All but that a callback lasts, which goes by the real clock: on a busy machine any does.
function Program:errors()
  return (self.err.text:gsub("[^\n]*a callback keeps all clients waiting[^\n]*\n", ""))
end

function Program:error_lines() return self.err.lines end

-- Ends.

function Program:signal(name) assert(self.process:kill(name)) end

-- Waits for the end; answers the exit code, or nil and the number of the signal that ended it.
function Program:exit()
  local function is_over() return self.code and self.out.is_over and self.err.is_over end
  if not loop.wait(is_over, DEADLINE_MSEC) then
    error("it does not end; it said:\n" .. self.out.text .. self.err.text, 2)
  end
  if self.ended_by ~= 0 then return nil, self.ended_by end
  return self.code
end

function M.clean_up()
  for _, program in ipairs(started) do
    if not program.code then program:signal "sigkill" end
    loop.wait(function() return program.code end)
    for _, handle in ipairs { program.out.pipe, program.err.pipe, program.process } do loop.close(handle) end
  end
  started = {}
  if folder then remove(folder) end
  folder = nil
end

return M
