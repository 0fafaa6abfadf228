--- Control: the unix socket at which a program that runs is asked, in lines of JSON: one request, one answer.
--
--   {"verb":"log-level","level":"debug"}    {"ok":true,"value":…}
--   {"verb":"no such verb"}                 {"ok":false,"error":"no such verb: …"}
--
-- Only the owner gets in: the socket is made in a folder that is the owner's alone, and comes to its path,
-- with its rights, when it listens. Whoever is connected has at most one request under way, nothing of it is
-- read meanwhile, and what it does not take or say in time ends it.

local control_path = require "slipstream.cli.control_path"
local core = require "slipstream.core"
local show = require "slipstream.show"
local uv = require "luv"

local M = {}

--- The longest request, without its end of line.
M.MOST_BYTES = 65536
--- So many may be connected at once.
M.MOST_CONNECTIONS = 16
--- So long nothing may come, and so long an answer may lie there.
M.IDLE_MSEC = 10000

local BACKLOG = 64
local OWNER_ONLY = tonumber("600", 8)

-- Connections.

local Connection = {}
Connection.__index = Connection

local function close(handle)
  if not handle:is_closing() then handle:close() end
end

function Connection:close()
  if self.is_closed then return end
  self.is_closed = true
  self.server.connections[self] = nil
  self.server.count = self.server.count - 1
  self.alarm:stop()
  close(self.alarm)
  close(self.pipe)
end

function Connection:wait()
  self.alarm:start(M.IDLE_MSEC, 0, function() self:close() end)
end

-- The same with texts that JSON can say: the name of a file may be no UTF-8.
local function sayable(value)
  if type(value) ~= "table" then return show.utf8(value) end
  local copy = setmetatable({}, getmetatable(value))
  for key, each in pairs(value) do copy[show.utf8(key)] = sayable(each) end
  return copy
end

local function encode(answer)
  return core.json.encode(answer) or core.json.encode(sayable(answer))
end

-- Answers; what follows is read when it is written.
function Connection:say(answer, go_on)
  if self.is_closed then return end
  self:wait()
  local ok = self.pipe:write(encode(answer) .. "\n", function(err)
    if err then return self:close() end
    if not self.is_closed then return go_on(self) end
  end)
  if not ok then self:close() end
end

local function refusal(text) return { ok = false, error = text } end

function Connection:refuse(text)
  self.pipe:read_stop()
  return self:say(refusal(text), self.close)
end

-- What of a line is no request; nil: it is one.
local function fault_of(request, text)
  if text then return "no JSON: " .. text end
  if type(request) ~= "table" or type(request.verb) ~= "string" then
    return 'no request: expected an object such as {"verb":"status"}'
  end
end

function Connection:take_line(line)
  local request, text = core.json.decode(line)
  local fault = fault_of(request, text)
  if fault then return self:say(refusal(fault), self.go_on) end
  self.alarm:stop() -- who answers has a limit of its own
  return self.server.ask(request, function(value, why)
    return self:say(why and refusal(why) or { ok = true, value = value }, self.go_on)
  end)
end

-- Takes the next line, if all of it is there, and reads on if it is not.
function Connection:go_on()
  local line, rest = self.rest:match "^([^\n]*)\n(.*)$"
  if #(line or self.rest) > M.MOST_BYTES then
    return self:refuse(("the request is longer than %d bytes"):format(M.MOST_BYTES))
  elseif not line then
    return self:read()
  end
  self.rest = rest
  self.pipe:read_stop()
  return self:take_line(line)
end

function Connection:read()
  self:wait()
  self.pipe:read_start(function(err, bytes)
    if err or not bytes then return self:close() end
    self.rest = self.rest .. bytes
    return self:go_on()
  end)
end

-- The server.

---@class slipstream.Control
---@field path string
---@field inode integer
local Control = {}
Control.__index = Control

local function accept(server, err)
  if err then return end -- as for want of file descriptors
  local pipe, alarm = uv.new_pipe(), uv.new_timer()
  server.listener:accept(pipe)
  pipe:unref() -- whoever is connected is no reason to go on
  alarm:unref()
  local connection = setmetatable({ server = server, pipe = pipe, alarm = alarm, rest = "" }, Connection)
  server.connections[connection] = true
  server.count = server.count + 1
  if server.count <= M.MOST_CONNECTIONS then return connection:read() end
  return connection:refuse(("busy: %d are connected already"):format(M.MOST_CONNECTIONS))
end

local function folder_of(path)
  return path:match "^(.*)/[^/]*$" or "."
end

-- Listens at a path in the folder, which is the owner's alone.
local function listen_in(folder, server)
  local path = folder .. "/s"
  local fault = control_path.fault_of(path)
  if fault then return nil, fault end
  local ok, text = server.listener:bind(path)
  if ok then ok, text = uv.fs_chmod(path, OWNER_ONLY) end
  if ok then ok, text = server.listener:listen(BACKLOG, function(err) accept(server, err) end) end
  if ok then ok, text = uv.fs_rename(path, server.path) end
  if not ok then uv.fs_unlink(path) end
  return ok, text
end

local function make_folder(parent)
  local folder, text = uv.fs_mkdtemp(parent .. "/.XXXXXX")
  if folder then return folder end
  return nil, ("cannot write to the folder %s: %s"):format(parent, text:match "^%u+: ([^:]+)" or text)
end

local function listen(server)
  local folder, text = make_folder(folder_of(server.path))
  if not folder then return nil, text end
  local ok
  ok, text = listen_in(folder, server)
  uv.fs_rmdir(folder)
  return ok, text
end

-- Why nobody else may have the path; nil: nobody has it, or one who is dead.
local function taken(path)
  local found = uv.fs_lstat(path)
  if not found then return nil end
  if found.type ~= "socket" then return "is there already, and is no socket" end
  local is_told, is_live
  control_path.connect(path, function(pipe, code)
    is_told, is_live = true, code ~= "ECONNREFUSED" and code ~= "ENOENT"
    if pipe then pipe:close() end
  end)
  while not is_told do uv.run "once" end
  return is_live and "belongs to a program that runs" or nil
end

local function open(server)
  local fault = taken(server.path)
  if fault then return nil, fault end
  return listen(server)
end

--- Listens at a path. Runs the loop, so it is for the time before anything else is on it.
---@param path string
---@param ask fun(request: table, answer: fun(value: any, why: string?)) `answer` is to be called once
---@return slipstream.Control? server, string? text
function M.open(path, ask)
  local fault = control_path.fault_of(path)
  if fault then return nil, fault end
  local server = setmetatable({ path = path, ask = ask, connections = {}, count = 0,
    listener = uv.new_pipe() }, Control)
  local ok, text = open(server)
  if not ok then
    server.listener:close()
    return nil, ("%s: %s"):format(path, text)
  end
  server.listener:unref()
  server.inode = uv.fs_stat(path).ino
  return server
end

--- Removes the file of a server, from whatever thread. Another one's may be in its place now, and stays.
---@param path string
---@param inode integer
function M.remove(path, inode)
  local found = uv.fs_lstat(path)
  if found and found.ino == inode then uv.fs_unlink(path) end
end

--- Listens no more; what was answered and not taken yet goes lost.
function Control:close()
  M.remove(self.path, self.inode)
  for connection in pairs(self.connections) do connection:close() end
  close(self.listener)
end

return M
