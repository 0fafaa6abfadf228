--- Swaps: live clients go from their module to the one that replaces it, at one moment in which none of them
-- runs. One that waits in a callback finishes that in the old code, and follows before its next event.

local client_modules = require "slipstream.client"
local copy = require("slipstream.copy").copy
local lineage = require "slipstream.lineage"
local log = require "slipstream.log"
local process = require "slipstream.process"
local registry = require "slipstream.registry"
local supervision = require "slipstream.supervision"
local trial = require "slipstream.trial"

local M = {}

-- The n-th move is what stands at n in each of these lists: tables of their own would be ten thousand more
-- for as many clients, at a moment in which all of them wait.
---@class slipstream.Moves
---@field count integer
---@field clients slipstream.Client[]
---@field sockets slipstream.Socket[]
---@field new table[] the modules that they go to
---@field assigns table[] where there is a code_change
---@field saved table[] copies of them
---@field copies table<table, table> all tables that were copied, by their originals

---@class slipstream.Swap
---@field private pairs { old: table, new: table }[]
---@field private moves slipstream.Moves
---@field count integer how many clients have moved
---@field later integer? how many will follow
---@field postponed table[] packed: what to call when the clients go on, see slipstream.question
local Swap = {}
Swap.__index = Swap

local no_change = client_modules.default.code_change

local function new_moves()
  return { count = 0, clients = {}, sockets = {}, new = {}, assigns = {}, saved = {}, copies = {} }
end

-- One client.

local function set_code(socket, module)
  setmetatable(socket, getmetatable(module).socket_meta)
end

-- Raises what code_change raises; the move is noted before. The client's module stays the old one, in which
-- its next life begins, until it is known that the move is kept.
local function move(client, new, moves)
  local place, socket, change = moves.count + 1, client._socket, new.code_change
  moves.clients[place], moves.sockets[place], moves.new[place] = client, socket, new
  moves.count = place
  if change == no_change then return set_code(socket, new) end
  moves.assigns[place], moves.saved[place] = socket.assigns, copy(socket.assigns, moves.copies)
  set_code(socket, new)
  change(socket, client._module.version)
end

local function has_another_life(moves, place)
  return moves.clients[place]._socket ~= moves.sockets[place]
end

local function keep_move(moves, place)
  if has_another_life(moves, place) then return end
  moves.clients[place]._module = moves.new[place]
  return supervision.adopt(moves.sockets[place])
end

local function refill(emptied, contents)
  for key in next, emptied do emptied[key] = nil end
  for key, value in next, contents do emptied[key] = value end
end

-- The table of assigns stays the one that others may hold.
local function move_back(moves, place)
  if has_another_life(moves, place) then return end
  local socket, assigns = moves.sockets[place], moves.assigns[place]
  set_code(socket, moves.clients[place]._module)
  if not assigns then return end
  refill(assigns, moves.saved[place])
  socket.assigns = assigns
end

local function is_free(socket)
  return not (socket._fiber or socket._questions)
end

local function is_live(client)
  return client._status == "running" and not client._socket._ending
end

-- Those that wait.

local follow

-- Whose end is awaited: fibers of a client, by their owners.
local awaited = setmetatable({}, { __mode = "k" })

-- The owner's fiber waits: when it is done, and not failed, the client may be free.
local function follow_after(owner, client)
  local done = owner._done
  if awaited[owner] or not done then return end
  awaited[owner] = true
  owner._done = function(of, state, ...)
    if state == "waiting" then return done(of, state, ...) end
    awaited[owner] = nil
    if state == "done" and owner == client._socket then follow(client) end
    done(of, state, ...)
    if owner ~= client._socket then return follow(client) end
  end
end

local function tell_left_behind(client, caught)
  log.error("code_change failed; this client goes on in the old code", {
    client = client.name, error = caught.text, traceback = caught.traceback,
  })
end

local function move_late(client, new)
  local moves = new_moves()
  local caught = trial.run(client._host, "code_change", move, client, new, moves)
  if not caught then return keep_move(moves, 1) end
  move_back(moves, 1)
  return tell_left_behind(client, caught)
end

-- Moves it to the newest module, now or as soon as none of its callbacks waits.
function follow(client)
  local new = lineage.newest(client._module)
  if new == client._module or not is_live(client) then return end
  local socket = client._socket
  if is_free(socket) then return move_late(client, new) end
  if socket._fiber then follow_after(socket, client) end
  for question in pairs(socket._questions or {}) do follow_after(question, client) end
end

-- All of them.

-- By module, also by those that were replaced before: what replaces it.
local function targets_of(swap)
  local by_newest = {}
  for _, pair in ipairs(swap.pairs) do by_newest[pair.old] = pair.new end
  return setmetatable({}, { __index = function(targets, module)
    targets[module] = by_newest[lineage.newest(module)] or false
    return targets[module]
  end })
end

local function has_change(replaced)
  for _, pair in ipairs(replaced) do
    if pair.new.code_change ~= no_change then return true end
  end
end

-- The order is nobody's business where nothing is called.
local function in_order(swap)
  if not has_change(swap.pairs) then return pairs(registry.living()) end
  return ipairs(registry.clients())
end

--- Moves all clients of the modules that do not wait in a callback, in the order of their starts. Raises what
-- `code_change` of one raises.
function Swap:move()
  local targets, moves = targets_of(self), self.moves
  for _, client in in_order(self) do
    local new = targets[client._module]
    if new and is_live(client) and is_free(client._socket) then move(client, new, moves) end
  end
  self.count = moves.count
end

--- Of a move that raised: whose `code_change` did. nil: it was nobody's.
---@return slipstream.Client?
function Swap:last()
  return self.moves.clients[self.moves.count]
end

--- Moves them back.
function Swap:undo()
  for place = self.moves.count, 1, -1 do move_back(self.moves, place) end
end

local function is_behind(client)
  return client._module ~= lineage.newest(client._module) and is_live(client)
end

-- A list, as those that follow at once may start others.
local function all_behind()
  local list = {}
  for _, client in pairs(registry.living()) do
    if is_behind(client) then list[#list + 1] = client end
  end
  return list
end

--- From now on the new modules stand where the old ones stood; who could not be moved follows.
function Swap:keep()
  for _, pair in ipairs(self.pairs) do lineage.replace(pair.old, pair.new) end
  for place = 1, self.moves.count do keep_move(self.moves, place) end
  self.later = 0
  for _, client in ipairs(all_behind()) do
    follow(client)
    if is_behind(client) then self.later = self.later + 1 end
  end
end

-- In between.

--- Lets the clients that have moved wait until it is known whether that is kept.
function Swap:hold()
  for _, socket in ipairs(self.moves.sockets) do
    process.hold(socket)
    socket._questions = { [self] = true } -- it was free, so it had none
  end
end

local function release(socket, swap)
  local questions = socket._questions
  if not (questions and questions[swap]) then return end -- it has ended meanwhile
  questions[swap] = nil
  if next(questions) == nil then socket._questions = false end
  process.go_on(socket)
end

--- Lets them go on.
function Swap:release()
  for _, socket in ipairs(self.moves.sockets) do release(socket, self) end
  for _, call in ipairs(self.postponed) do call[1](table.unpack(call, 2, call.n)) end
end

--- Makes a swap, in which nobody has moved yet.
---@param replaced { old: table, new: table }[]
---@return slipstream.Swap
function M.new(replaced)
  -- as a question to the clients that it holds it has no fiber, see slipstream.question
  return setmetatable({ pairs = replaced, moves = new_moves(), count = 0, postponed = {}, _fiber = false },
    Swap)
end

return M
