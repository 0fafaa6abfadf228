--- Where a program that runs can be spoken to: the paths of control sockets, and whether anybody answers.

local uv = require "luv"

local M = {}

-- What the address of a unix socket has room for.
local MOST_BYTES = 107

local function runtime_folder()
  local folder = os.getenv "XDG_RUNTIME_DIR"
  return folder ~= "" and folder or nil
end

--- The path for this process when none was asked for; nil: there is no folder of the user's own for it.
---@return string?
function M.default()
  local folder = runtime_folder()
  return folder and ("%s/slipstream-%d.sock"):format(folder, uv.os_getpid())
end

--- The default paths that are there, of whatever process, dead ones too, in the order of their names.
---@return string[]
function M.list()
  local folder, paths = runtime_folder(), {}
  local entries = folder and uv.fs_scandir(folder)
  if not entries then return paths end
  for name in uv.fs_scandir_next, entries do
    if name:find "^slipstream%-%d+%.sock$" then paths[#paths + 1] = folder .. "/" .. name end
  end
  table.sort(paths)
  return paths
end

--- Whether a path is too long for a socket.
---@param path string
---@return string? text why it is none; nil: it is not
function M.fault_of(path)
  if #path <= MOST_BYTES then return end
  return ("%s: too long for the path of a socket: %d bytes, at most %d"):format(path, #path, MOST_BYTES)
end

--- Connects to the socket at a path.
---@param path string
---@param done fun(pipe: userdata?, code: string?) the pipe, which is then the caller's, or libuv's name for
---why there is none: "ENOENT", "ECONNREFUSED" (nobody listens), "EACCES" …
function M.connect(path, done)
  if M.fault_of(path) then return done(nil, "ENAMETOOLONG") end -- libuv 1.44 cuts it, and finds another
  local pipe = uv.new_pipe()
  pipe:connect(path, function(code)
    if not code then return done(pipe) end
    pipe:close()
    return done(nil, code)
  end)
end

return M
