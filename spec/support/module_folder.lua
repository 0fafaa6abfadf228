-- Module_folder: modules in files of their own, which specs rewrite and load:
--
--   local modules = module_folder.open()
--   modules:write("bot", "return …")
--   local Bot = require "bot"
--   modules:close()
local uv = require "luv"

local M = {}

local Folder = {}
Folder.__index = Folder

-- A folder in which `require` looks first.
function M.open()
  local path = assert(uv.fs_mkdtemp "/tmp/modules-XXXXXX")
  local self = setmetatable({ path = path, names = {}, package_path = package.path }, Folder)
  package.path = path .. "/?.lua;" .. package.path
  return self
end

function Folder:file(name) return ("%s/%s.lua"):format(self.path, name) end

function Folder:write(name, text)
  self.names[name] = true
  local file <close> = assert(io.open(self:file(name), "w"))
  file:write(text)
end

-- Nobody knows any more of what was in it.
function Folder:close()
  package.path = self.package_path
  for name in pairs(self.names) do
    package.loaded[name] = nil
    assert(uv.fs_unlink(self:file(name)))
  end
  assert(uv.fs_rmdir(self.path))
end

return M
