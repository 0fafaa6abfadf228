-- Program: the program in SLIPSTREAM_BIN, run with arguments: what it says, its exit code, and signals.
local M = {}

local path = os.getenv "SLIPSTREAM_BIN" or "build/dev/slipstream"
M.path = path

local function read_file(name)
  local file <close> = assert(io.open(name))
  return file:read "a"
end

-- A Lua file with that text; goes away with the returned value.
function M.file(text)
  local name = os.tmpname()
  local file <close> = assert(io.open(name, "w"))
  file:write(text)
  return setmetatable({ name = name }, { __close = function() os.remove(name) end })
end

-- Runs it to its end, with `environment` ("NAME=VALUE …") if given. Answers the exit code, stdout and
-- stderr.
function M.run(arguments, environment)
  local out, err = os.tmpname(), os.tmpname()
  local command = "env %s timeout 30 %s %s >%s 2>%s"
  local _, _, code = os.execute(command:format(environment or "", path, arguments, out, err))
  local said, complained = read_file(out), read_file(err)
  os.remove(out)
  os.remove(err)
  return code, said, complained
end

local Running = {}
Running.__index = Running

-- Starts it. `line` waits for what it says, `kill` sends a signal, `code` waits for its end.
function M.start(arguments)
  local command = "exec 2>&1; timeout 30 sh -c 'echo $$; exec %s %s'; echo code $?"
  local pipe = assert(io.popen(command:format(path, arguments)))
  return setmetatable({ pipe = pipe, pid = pipe:read "l" }, Running)
end

-- The next line, nil at the end.
function Running:line()
  return self.pipe:read "l"
end

function Running:kill(signal)
  assert(os.execute(("kill -%s %s"):format(signal, self.pid)))
end

-- Waits for its end. Answers the exit code and the lines until then.
function Running:code()
  local lines = {}
  for line in self.pipe:lines() do lines[#lines + 1] = line end
  self.pipe:close()
  return tonumber(table.remove(lines):match "^code (%d+)$"), lines
end

return M
