-- The client of the soak. A life has some connections; on each it joins, pushes, and closes, is closed or
-- broken. `life.ledger` counts what it saw; server.lua has the other side.

local slipstream = require "slipstream"
local uv = require "luv"

local CONNECTIONS = 3 -- of a life, at most
local PUSHES = 6 -- of a connection, at most, before what ends it
local HOLD_MSEC = 30
local BREATH_MSEC = 5 -- between the pushes of who waits to be broken
local DEAF = { interval = 200, timeout = 1000 } -- a busy machine is not deaf
local addresses = {} -- each has 28,000 ports, which TIME_WAIT keeps for a minute
for last = 1, 16 do addresses[last] = "127.0.1." .. last end

-- What goes from its end to the beginning of the next: who breaks off, waits to be left, or says nothing.
local manners = { "polite", "leaving", "rude" }

local Guest = slipstream.client { restart = "temporary" }

function Guest:init(life)
  self.assigns.life = life
  life.topic, life.number_of_push, life.open, life.seq = "own:" .. life.slot, 0, {}, {}
  life.left = math.random(CONNECTIONS)
  local way = life.way
  assert(self:connect {
    uri = life.uri, params = function() return { connection = life.ledger:begin(life) } end,
    local_address = not (way.through or way.breaks) and addresses or nil,
    heartbeat_interval_msec = way.is_deaf and DEAF.interval or 0, heartbeat_timeout_msec = DEAF.timeout,
    connect_timeout_msec = way.is_deaf and 2000 or nil, reconnect_after_msec = { 1, 10, 50 },
    rejoin_after_msec = { 1, 10, 50 },
  })
  assert(self:join "all")
  assert(self:join(life.topic))
  if math.random(2) == 1 then self:tell "echo" end -- before there is a connection
end

-- Pushes, and remembers what is to be answered.
function Guest:tell(event)
  local life = self.assigns.life
  local number = life.number_of_push + 1
  local ref, text = self:push(life.topic, event, { life = life.number, number = number },
    { buffer = true, timeout = event == "hold" and HOLD_MSEC or nil })
  if not ref then return life.ledger:wrong("a push was refused: " .. text) end
  life.number_of_push = number
  life.open[ref] = event
  life.ledger:add "pushes"
end

function Guest:handle_connect()
  local life = self.assigns.life
  life.is_connected, life.is_closing, life.manner = true, false, manners[math.random(#manners)]
  life.ledger:add "connected"
end

function Guest:close()
  local life = self.assigns.life
  life.is_closing, life.closed_at = true, uv.hrtime()
  self:disconnect()
end

-- What is left to do on this connection when all pushes are answered.
function Guest:go_on()
  local life = self.assigns.life
  if life.is_closing or next(life.open) then return end
  if life.way.breaks then
    self:send_after(BREATH_MSEC, "breath")
  elseif not life.way.ends_by and life.manner == "leaving" then
    life.is_closing = true
    self:leave(life.topic)
  elseif not life.way.ends_by then
    self:close()
  end
end

function Guest:handle_info()
  local life = self.assigns.life
  if self:joined(life.topic) and not next(life.open) then self:tell "echo" end
end

local function draw_event()
  local luck = math.random(20)
  return luck == 1 and "hold" or luck <= 3 and "fail" or "echo"
end

function Guest:handle_join(topic, response)
  local life = self.assigns.life
  life.seq[topic] = response.seq
  if topic ~= life.topic then return end
  for _ = 1, math.random(PUSHES) do self:tell(draw_event()) end
  if life.way.ends_by then
    self:tell(life.way.ends_by)
  elseif life.manner == "rude" and not life.way.breaks then
    self:close()
  end
end

function Guest:handle_reply(ref, status, response)
  local life = self.assigns.life
  local event = life.open[ref]
  if not event then return life.ledger:wrong "a push was answered twice" end
  life.open[ref] = nil
  local is_lost = status == "error" and response.kind ~= nil
  life.ledger:add(is_lost and "error_of_connection" or status)
  if status == "timeout" and event ~= "hold" and not life.way.breaks then
    life.ledger:wrong "a push timed out that the server answers"
  end
  if self:connected() then self:go_on() end
end

function Guest:handle_message(topic, _, payload)
  local life = self.assigns.life
  life.ledger:add "messages"
  if payload.seq ~= life.seq[topic] + 1 then
    life.ledger:wrong(("%s: message %d came after %d"):format(topic, payload.seq, life.seq[topic]))
  end
  life.seq[topic] = payload.seq
end

function Guest:handle_leave() self:close() end

function Guest:handle_topic_close(topic, reason)
  local life = self.assigns.life
  if life.way.is_deaf and reason.kind == "join_timeout" then return life.ledger:add "join_timeouts" end
  life.ledger:wrong(("%s was closed: %s"):format(topic, reason))
end

function Guest:handle_disconnect(reason)
  local life = self.assigns.life
  life.ledger:ended(life, reason)
  life.is_connected = false
  life.left = life.left - 1
  -- Pushes that were not sent yet wait on, for the next connection.
  local is_done = not next(life.open) and (life.left <= 0 or life.ledger.is_over())
  if is_done then return "stop", "normal" end
  assert(self:reconnect())
  -- Left topics come back only when asked for.
  assert(self:join(life.topic))
end

function Guest:terminate()
  for _ in pairs(self.assigns.life.open) do self.assigns.life.ledger:wrong "a push was never answered" end
end

return Guest
