--- Steering: how `slipstream run` is told what to do while it runs: by its control socket, by SIGHUP, and by
-- the files of its script that change.

local control = require "slipstream.cli.control"
local control_path = require "slipstream.cli.control_path"
local errand = require "slipstream.cli.errand"
local log = require "slipstream.log"
local reload = require "slipstream.reload"
local uv = require "luv"
local verbs = require "slipstream.cli.verbs"
local watches = require "slipstream.cli.watch"

local M = {}

local HANGUP_CODE = 129

---@class slipstream.cli.Lead what there is to steer
---@field options table of the command; `control` becomes the path of the socket, `control_inode` its inode
---@field began integer uv.hrtime()
---@field stop fun(exit_code: integer) as a signal does
---@field drain fun()

---@class slipstream.cli.Steering
---@field control slipstream.Control?
---@field watch slipstream.Watch?
---@field files table<integer, table<string, string>> by worker: what its script is made of
local Steering = {}
Steering.__index = Steering

-- The socket. A path that nobody asked for is a convenience: the program runs without it.
local function take_control(lead)
  local options = lead.options
  local path = options.control or control_path.default()
  if not path then return true end
  local server, text = control.open(path, function(...) verbs.carry_out(lead, ...) end)
  if server then
    options.control, options.control_inode = path, server.inode
    return server
  elseif options.control then
    return nil, "--control: " .. text
  end
  log.warn("nobody can control this program", { reason = text })
  return true
end

-- Reloads; what comes of them is in the log.
local function run_reload(files)
  return errand.run("reload", nil, reload.all, nil, files)
end

local function has_terminal()
  local terminal <close> = io.open "/dev/tty"
  return terminal ~= nil
end

-- SIGHUP may also say what it was named for: the terminal has gone, and who sat there does not want a program
-- that nobody sees.
local function heed_hangups(lead)
  local had_terminal, signal = has_terminal(), uv.new_signal()
  signal:unref() -- waiting for signals is no reason to go on
  signal:start("sighup", function()
    if had_terminal and not has_terminal() then return lead.stop(HANGUP_CODE) end
    return run_reload()
  end)
  return signal
end

-- Where two workers have loaded a file that was saved between them, it has to be loaded again.
local function all_files(steering)
  local all = {}
  for _, files in pairs(steering.files) do
    for file, like in pairs(files) do all[file] = (all[file] or like) == like and like or "" end
  end
  return all
end

--- A worker's script is made of these files.
---@param index integer
---@param files table<string, string> by absolute path, what each was like, see slipstream.likeness
function Steering:take_files(index, files)
  self.files[index] = files
  if self.watch then self.watch:follow(all_files(self)) end
end

--- Nobody steers any more.
function Steering:close()
  if self.control then self.control:close() end
  if self.watch then self.watch:close() end
  self.hangups:close()
end

--- Listens, before the workers are started.
---@param lead slipstream.cli.Lead
---@return slipstream.cli.Steering? steering, string? text
function M.begin(lead)
  local server, text = take_control(lead)
  if not server then return nil, text end
  local steering = setmetatable({ files = {}, control = server ~= true and server or nil }, Steering)
  if lead.options.watch then steering.watch = watches.new(run_reload) end
  steering.hangups = heed_hangups(lead)
  return steering
end

return M
