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
local guests = require "slipstream.cli.guest"
local show = require "slipstream.show"
local uv = require "luv"

local M = {}

--- The longest request, without its end of line.
M.MOST_BYTES = 65536

local PATIENCE_MSEC = 10000 -- so long nothing may come, and so long an answer may lie there
local OWNER_ONLY = tonumber("600", 8)

-- Connections.

local Connection = guests.class(PATIENCE_MSEC)

--- The class of those who are connected.
M.Connection = Connection

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
  return self:write(encode(answer) .. "\n", go_on)
end

local function refusal(text) return { ok = false, error = text } end

function Connection:refuse(text)
  self.stream:read_stop()
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
  local line, rest = self.text:match "^([^\n]*)\n(.*)$"
  if #(line or self.text) > M.MOST_BYTES then
    return self:refuse(("the request is longer than %d bytes"):format(M.MOST_BYTES))
  elseif not line then
    return self:read()
  end
  self.text = rest
  self.stream:read_stop()
  return self:take_line(line)
end

function Connection:read()
  self:be_patient()
  self.stream:read_start(function(err, bytes)
    if err or not bytes then return self:close() end
    self.text = self.text .. bytes
    return self:go_on()
  end)
end

Connection.begin = Connection.read

function Connection:refuse_one_more()
  return self:refuse(("busy: %d are connected already"):format(guests.MOST))
end

-- The server.

---@class slipstream.Control: slipstream.GuestServer
---@field path string
---@field inode integer
local Control = {}
Control.__index = Control

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
  if ok then ok, text = guests.listen(server, Connection, uv.new_pipe) end
  if ok then ok, text = uv.fs_rename(path, server.path) end
  if not ok then uv.fs_unlink(path) end
  return ok, text
end

local function make_folder(parent)
  local folder, text = uv.fs_mkdtemp(parent .. "/.XXXXXX")
  if folder then return folder end
  return nil, ("cannot write to the folder %s: %s"):format(parent, show.fault(text))
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
  if found.type ~= "socket" then return "it is there already, and is no socket" end
  local is_told, is_live
  control_path.connect(path, function(pipe, code)
    is_told, is_live = true, code ~= "ECONNREFUSED" and code ~= "ENOENT"
    if pipe then pipe:close() end
  end)
  while not is_told do uv.run "once" end
  return is_live and "it belongs to a program that runs" or nil
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
  local server = setmetatable({ path = path, ask = ask, listener = uv.new_pipe() }, Control)
  local ok, text = open(server)
  if not ok then
    server.listener:close()
    return nil, show.cannot_listen(path, text)
  end
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

--- Listens no more, and lets another one have the path.
function Control:close()
  M.remove(self.path, self.inode)
  return guests.close(self)
end

return M
