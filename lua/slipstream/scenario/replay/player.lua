--- Player: plays a recording to a server: what clients said, each of it once all has come that the server had
-- said before; and looks whether that is the same.
--
-- The refs of messages are the clients' own choice, so they are those of the recording, and what the server
-- says to them has the same.

local fiber = require "slipstream.fiber"
local is_data = require("slipstream.record.frame").is_data
local ledgers = require "slipstream.scenario.replay.ledger"
local line = require "slipstream.record.line"
local peers = require "slipstream.scenario.replay.peer"
local recordings = require "slipstream.scenario.replay.recording"
local request = require "slipstream.scenario.replay.request"
local story = require "slipstream.scenario.replay.story"
local targets = require "slipstream.record.target"

local M = {}

local CLOSE_MSEC = 5000

---@class slipstream.ReplayOptions
---@field uri string of the server
---@field msec integer to wait for what was recorded
---@field rules slipstream.ReplayRules

-- One connection of it: what was recorded, what of that came, who is connected.
---@class slipstream.ReplayLeg
---@field recorded slipstream.RecordedConnection
---@field ledger slipstream.ReplayLedger
---@field peer slipstream.ReplayPeer?

local Player = {}
Player.__index = Player

local function place_of(player, leg, number)
  return { path = player.recording.path, connection = leg.recorded, number = number }
end

local function fail(player, leg, number, kind, text)
  return error(story.failure(place_of(player, leg, number), kind, text), 0)
end

-- Whether the client has the last word: the answer may be under way.
local function is_open_ended(connection)
  local last = connection.lines[#connection.lines]
  return last.dir == "c2s" and is_data[last.opcode] ~= nil
end

local function new_leg(player, connection)
  local leg = { recorded = connection }
  local items, fault, number = recordings.items(connection)
  if not items then fail(player, leg, number, "error", "it cannot be replayed: " .. fault) end
  leg.ledger = ledgers.new(items, connection.vsn, player.options.rules, is_open_ended(connection))
  return leg
end

-- Waiting.

-- All that was recorded up to the line that is waited for has come, or something else has.
local function is_settled(player)
  for _, leg in ipairs(player.legs) do
    if leg.ledger.fault then return true, leg end
  end
  for _, leg in ipairs(player.legs) do
    if leg.ledger:missing(player.number) then return false end
  end
  return true
end

local function check(player, leg)
  if leg.ledger.fault then
    error(story.differs(place_of(player, leg, player.number), leg.ledger.fault), 0)
  end
end

-- Waits for what the server had said before a line.
local function await(player, number)
  player.number = number
  local faulty, why = fiber.await(player.options.msec, is_settled, player)
  if faulty then return check(player, faulty) end
  if not why then return end
  for _, leg in ipairs(player.legs) do
    local item = leg.ledger:missing(number)
    if item then error(story.missing(place_of(player, leg, number), item, player.options.msec), 0) end
  end
end

-- Steps: what clients did.

local function connect(player, leg, number)
  local outcome
  local function is_answered() return outcome ~= nil, outcome end
  local function poke() fiber.poke(player.owner) end
  leg.peer = peers.connect(player.target, {
    heard = function(item)
      leg.ledger:came(item)
      poke()
    end,
    connected = function(err)
      outcome = err and targets.explain(player.target, err) or true
      poke()
    end,
    poke = poke,
  })
  local result, why = fiber.await(player.options.msec, is_answered, leg)
  if result ~= true then fail(player, leg, number, "refused", "no connection: " .. (result or why)) end
end

-- Whether a pong is the next of what the server said.
local function was_answered(connection, ping)
  for _, it in ipairs(connection.lines) do
    if it.number > ping.number and it.dir == "s2c" then return it.opcode == "pong" end
  end
  return false
end

local steps = {}

function steps.http(player, leg, it)
  if not leg.peer then connect(player, leg, it.number) end
  local bytes, fault = request.write(it.data or "", player.target)
  if not bytes then fail(player, leg, it.number, "error", fault) end
  leg.peer:send(bytes)
end

function steps.eof(_, leg)
  leg.ledger:close()
  leg.peer:finish()
end

function steps.rst(_, leg)
  leg.ledger:close()
  leg.peer:close(true)
end

function steps.raw(_, leg, it) leg.peer:send(it.data or "") end

function steps.pong() end -- pings are answered as they come

-- Each waits for its answer when it was answered: a server may answer the last of several only.
function steps.ping(player, leg, it)
  local pongs, mark = leg.peer.pongs, it.data or ""
  pongs[mark] = nil
  leg.peer:send_frame(line.to_frame(it))
  if not was_answered(leg.recorded, it) then return end
  fiber.await(player.options.msec, function() return pongs[mark] or leg.peer.is_over end, leg)
  if pongs[mark] then return end
  if leg.peer.is_over then fail(player, leg, it.number, "closed", "the server ended it instead of a pong") end
  fail(player, leg, it.number, "timeout", ("no pong within %d msec"):format(player.options.msec))
end

local function send_frame(player, leg, it)
  if leg.peer.is_over then fail(player, leg, it.number, "closed", "the server had ended it before") end
  leg.peer:send_frame(line.to_frame(it))
end

-- It may be an answer for which the server has not waited.
function steps.close(_, leg, it)
  leg.ledger:close()
  if not leg.peer.is_over then leg.peer:send_frame(line.to_frame(it)) end
end

local function take_step(player, it)
  local leg = player.by_name[it.conn]
  if it.len then fail(player, leg, it.number, "error", "it was cut short, so it cannot be sent") end
  if it.opcode ~= "http" and not leg.peer then
    fail(player, leg, it.number, "error", "its beginning was not recorded")
  end
  await(player, it.number)
  local step = steps[it.opcode] or send_frame
  return step(player, leg, it)
end

-- The end.

local function all(legs, is_so)
  return function()
    for _, leg in ipairs(legs) do
      if not is_so(leg) then return false end
    end
    return true
  end
end

-- Those that are open say what else they have to say before they answer a ping; a pong may overtake what is
-- queued, a second one does not.
local function drain(player, legs)
  for _, mark in ipairs { "drain 1", "drain 2" } do
    for _, leg in ipairs(legs) do leg.peer:send_frame { opcode = "ping", data = mark } end
    fiber.await(player.options.msec, all(legs, function(leg)
      return leg.peer.pongs[mark] or leg.peer.is_over
    end), player)
  end
  for _, leg in ipairs(legs) do check(player, leg) end
end

local function close(player, legs)
  for _, leg in ipairs(legs) do
    leg.ledger:close()
    leg.peer:send_frame { opcode = "close", data = "\x03\xe8" }
  end
  fiber.await(math.min(player.options.msec, CLOSE_MSEC), all(legs, function(leg)
    return leg.peer.is_over
  end), player)
end

local function finish(player)
  local open = {}
  for _, leg in ipairs(player.legs) do
    local peer = leg.peer
    if peer and peer.is_socket and not peer.is_over and not peer.socket:is_closing() then
      open[#open + 1] = leg
    end
  end
  if #open == 0 then return end
  drain(player, open)
  close(player, open)
end

function Player.__close(player)
  for _, leg in ipairs(player.legs) do
    if leg.peer then leg.peer:close() end
  end
end

--- Plays it, in a fiber; raises a failure where the server does otherwise.
---@param recording slipstream.Recording
---@param options slipstream.ReplayOptions
function M.play(recording, options)
  local target, fault = targets.new(options.uri)
  if not target then error(fault, 0) end
  local player <close> = setmetatable({
    recording = recording, options = options, target = target, owner = fiber.check_may_wait(),
    legs = {}, by_name = {}, number = 0,
  }, Player)
  for place, connection in ipairs(recording.connections) do
    local leg = new_leg(player, connection)
    player.legs[place], player.by_name[connection.name] = leg, leg
  end
  for _, it in ipairs(recording.lines) do
    if it.dir == "c2s" then take_step(player, it) end
  end
  await(player, math.huge)
  finish(player)
end

return M
