-- Model_turn: the order in which things happen in the model of a client (topic_model.lua): what is queued to
-- be told comes first, then what the server sent, then what is due by the time.
--
-- The rules are in two tables of the model's: `received`, by the kind of what came, and `timed_out`, by the
-- kind of request that ends; there are also `link` (an attempt, a wait or a close took too long), `interval`
-- (a heartbeat is due) and `back_off` (of a topic).
local NEVER = math.huge

local Turn = {}
Turn.__index = Turn

-- Nothing has happened yet, on a connection that is not there.
function Turn:start()
  self.link, self.has_stream = "none", false
  self.link_due, self.heartbeat_due = NEVER, NEVER
  self.topics, self.pending = {}, {}
  self.queue, self.input, self.outbox = {}, {}, {}
end

-- Its turn comes behind what is queued already.
function Turn:later(fn, ...)
  table.insert(self.queue, { fn, ... })
end

-- Requests in flight.

function Turn:send(event, topic, join_ref, extra)
  local ref = self.next_ref
  self.next_ref = ref + 1
  local fields = { event, topic, join_ref or ref, ref, extra }
  table.insert(self.outbox, table.concat(fields, " "))
  return ref
end

function Turn:await(kind, ref, join_ref, msec)
  table.insert(self.pending, { kind = kind, ref = ref, join_ref = join_ref, due = self.now + msec })
end

-- What hangs on a join, or on the whole connection, ends before anything else is told.
function Turn:expire(join_ref, why)
  for _, entry in ipairs(self.pending) do
    if not join_ref or entry.join_ref == join_ref then entry.due, entry.why = 0, why end
  end
end

function Turn:take_pending(is_wanted)
  local found
  for place, entry in ipairs(self.pending) do
    local best = self.pending[found]
    local is_earlier = not best or entry.due < best.due or entry.due == best.due and entry.ref < best.ref
    if is_wanted(entry) and is_earlier then found = place end
  end
  return found and table.remove(self.pending, found)
end

-- The wire.

function Turn:flush()
  if not self.has_stream then return end
  table.move(self.outbox, 1, #self.outbox, #self.sent + 1, self.sent)
  self.outbox = {}
end

-- After what is unsent; or at once, and without it.
function Turn:close_link()
  self:later(function()
    self:flush()
    self.has_stream = false
  end)
end

function Turn:abort_link()
  self.outbox = {}
  self:later(function() self.has_stream = false end)
end

-- What there is to do, one after the other.

function Turn:tell_next()
  local first = table.remove(self.queue, 1)
  if not first then return false end
  first[1](table.unpack(first, 2))
  return true
end

-- Topics that were left are forgotten when nothing is queued that may bring them back.
function Turn:forget()
  for place = #self.topics, 1, -1 do
    if self.topics[place].is_forgotten then table.remove(self.topics, place) end
  end
end

local is_listening = { upgrading = true, open = true, closing = true }

function Turn:read_next()
  local item = is_listening[self.link] and table.remove(self.input, 1)
  if not item then return false end
  self.received[item[1]](self, table.unpack(item, 2, 4))
  return true
end

-- The requests that have got their end; the news of joins and leaves are told after those of pushes.
function Turn:end_requests()
  local has_ended = false
  local function is_due(entry) return entry.due <= self.now end
  for entry in function() return self:take_pending(is_due) end do
    has_ended = true
    self.timed_out[entry.kind](self, entry)
    if entry.kind == "push" then break end
  end
  return has_ended
end

function Turn:end_waits()
  if self.now >= self.link_due then
    self.link_due = NEVER
    self.timed_out.link(self)
  elseif self.now >= self.heartbeat_due then
    self.heartbeat_due = NEVER
    self.timed_out.interval(self)
  else
    return self:end_back_off()
  end
  return true
end

function Turn:end_back_off()
  for _, topic in ipairs(self.topics) do
    if topic.rejoin_due <= self.now then
      self.timed_out.back_off(self, topic)
      return true
    end
  end
  return false
end

function Turn:deadline_of_requests()
  local earliest = NEVER
  for _, entry in ipairs(self.pending) do earliest = math.min(earliest, entry.due) end
  return earliest
end

-- What hangs on something that has ended comes before all else.
function Turn:step()
  if self:deadline_of_requests() == 0 and self:end_requests() or self:tell_next() then return true end
  self:forget()
  return self:read_next() or self:end_requests() or self:end_waits()
end

function Turn:drain()
  while self:step() do end -- luacheck: ignore
end

-- The client does what there is to do now.
function Turn:settle()
  self:drain()
  self:flush()
end

function Turn:deadline()
  local earliest = math.min(self.link_due, self.heartbeat_due, self:deadline_of_requests())
  for _, topic in ipairs(self.topics) do earliest = math.min(earliest, topic.rejoin_due) end
  return earliest
end

function Turn:advance(msec)
  local stop = self.now + msec
  self:settle()
  while self:deadline() <= stop do
    self.now = math.max(self.now, self:deadline())
    self:settle()
  end
  self.now = stop
end

return Turn
