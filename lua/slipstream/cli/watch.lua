--- Watch: notices that files are saved, in whatever way an editor does it: written in place, replaced by
-- another file, deleted and made anew, or behind a link that leads elsewhere now.
--
-- What is watched are folders, as a watch of a file stays with what was replaced. That something happens
-- there only says when to look whether a file is as it was.

local likeness = require "slipstream.likeness"
local log = require "slipstream.log"
local uv = require "luv"

local M = {}

-- An editor takes several steps to save, and several files may be saved at once. A folder in which there is
-- no rest is looked at all the same.
local QUIET_MSEC, MOST_MSEC = 80, 1000

local MOST_LINKS = 40

---@class slipstream.Watch
---@field known table<string, string> by file: what it was like when it was looked at
---@field folders table<string, { event: userdata, inode: integer }>
local Watch = {}
Watch.__index = Watch

-- Files.

-- Those that are not as they were; one that is not there may only be away for a moment.
local function take_changed(watch)
  local changed = {}
  for file, known in pairs(watch.known) do
    local now = likeness.of(file)
    if now and now ~= known then
      watch.known[file] = now
      changed[#changed + 1] = file
    end
  end
  table.sort(changed)
  return changed
end

-- Folders.

local function parent_of(path)
  local folder = path:match "^(.*)/[^/]*$"
  return folder == "" and "/" or folder
end

-- The folder, or while it is not there the nearest one around it.
local function nearest(folder)
  while folder ~= "/" and not uv.fs_stat(folder) do folder = parent_of(folder) end
  return folder
end

local add_folders

-- A link among the folders of a path: what happens to it is seen in its own folder.
local function follow_link(set, link, target, rest, links_left)
  local folder = parent_of(link)
  set[folder] = true
  if links_left == 0 then return end
  if target:sub(1, 1) ~= "/" then target = folder .. "/" .. target end
  return add_folders(set, target .. rest, links_left - 1)
end

-- Where it is to be seen that the file of an absolute path is another one.
function add_folders(set, path, links_left)
  local size = 0
  for part in path:gmatch "/+[^/]+" do
    size = size + #part
    local here = path:sub(1, size)
    local target = uv.fs_readlink(here)
    if target then return follow_link(set, here, target, path:sub(size + 1), links_left) end
  end
  set[nearest(parent_of(path))] = true
end

local function close(watched)
  watched.event:stop()
  watched.event:close()
end

local function open(watch, folder, inode)
  local event = uv.new_fs_event()
  local ok, text = event:start(folder, {}, function() watch:expect() end)
  event:unref() -- it is no reason to go on
  if not ok then log.warn("cannot watch a folder", { folder = folder, reason = text }) end
  watch.folders[folder] = { event = event, inode = inode }
end

-- A folder may have given way to another one of its name.
local function renew_folders(watch)
  local wanted = {}
  for file in pairs(watch.known) do add_folders(wanted, file, MOST_LINKS) end
  for folder in pairs(wanted) do wanted[folder] = (uv.fs_stat(folder) or {}).ino end
  for folder, watched in pairs(watch.folders) do
    if wanted[folder] ~= watched.inode then
      close(watched)
      watch.folders[folder] = nil
    end
  end
  for folder, inode in pairs(wanted) do
    if not watch.folders[folder] then open(watch, folder, inode) end
  end
end

-- Looking. What changes after the folders are watched is heard of, so they come first.
local function look(watch)
  watch.look_by = nil
  renew_folders(watch)
  local changed = take_changed(watch)
  if #changed > 0 then return watch.on_change(changed) end
end

--- Looks as soon as it is quiet.
function Watch:expect()
  self.look_by = self.look_by or uv.now() + MOST_MSEC
  local msec = math.max(0, math.min(QUIET_MSEC, self.look_by - uv.now()))
  self.timer:start(msec, 0, function() look(self) end)
end

--- Watches these files from now on, and no others.
---@param likenesses table<string, string> by absolute path, what each was like before it was loaded
function Watch:follow(likenesses)
  for file, like in pairs(likenesses) do likenesses[file] = self.known[file] or like end
  self.known = likenesses
  renew_folders(self)
  return self:expect()
end

function Watch:close()
  for _, watched in pairs(self.folders) do close(watched) end
  self.timer:close()
end

--- Makes one.
---@param on_change fun(files: string[]) told which files have changed
---@return slipstream.Watch
function M.new(on_change)
  local timer = uv.new_timer()
  local watch = setmetatable({ known = {}, folders = {}, timer = timer, on_change = on_change }, Watch)
  timer:unref()
  return watch
end

return M
