-- What clients do with each other, with no memory from some point of it on: who wanted it is told, and it is
-- as if nothing had been wanted. Run by scarcity_test.c, which gives a function: from now on so many
-- allocations succeed, and then none; without a count all do.
local grant = ...

local core = require "slipstream.core"
local log = require "slipstream.log"
local slipstream = require "slipstream"
local test_kit = require "slipstream.test.kit"
local uv = require "luv"

log.set_sink(function() end)

local NO_MEMORY = "not enough memory"

local function show(list) return "[" .. table.concat(list, " ") .. "]" end

-- A place where one thing happens: a client that notes in `heard` what it hears, and others that do things.
local Place = {}
Place.__index = Place

local function new_place(name, count)
  local place = setmetatable({ name = name, count = count, host = core.pretend(), heard = {} }, Place)
  local Hearer = slipstream.client { restart = "temporary" }
  function Hearer.handle_info(_, message) table.insert(place.heard, message.text) end
  Hearer.handle_cast = Hearer.handle_info
  function Hearer.handle_call(_, _, from) place.from = from end
  function Hearer.terminate() table.insert(place.heard, "end") end
  place.hearer = slipstream.start(Hearer, nil, { host = place.host })
  return place
end

function Place:check(expected, got)
  if expected == got then return end
  local text = "%s with %d allocations: %s expected, got %s"
  error(text:format(self.name, self.count, expected, got), 0)
end

function Place:check_heard(...) self:check(show { ... }, show(self.heard)) end

-- Runs a function in a callback of a client of its own.
function Place:run(fn)
  local Actor = slipstream.client { restart = "temporary" }
  Actor.handle_info = fn
  slipstream.start(Actor, nil, { host = self.host }):send {}
  self.host:advance(0)
end

-- The same while memory is scarce, which it is not yet for `prepare`; answers what `fn` returned, nil when it
-- was told that there is too little.
function Place:try(fn, prepare)
  local ok, result
  self:run(function()
    if prepare then prepare() end
    grant(self.count)
    ok, result = pcall(fn)
    grant()
  end)
  if ok then return result end
  self:check(NO_MEMORY, result)
end

-- Whether the state would end, which tells all of it.
local function has_failed()
  local ok, err = pcall(uv.run, "nowait")
  return not ok and err == NO_MEMORY
end

-- Each answers whether there was enough.
local stories = {}

local function message(verb)
  return function(place)
    local is_sent = place:try(function() return verb(place.hearer, { text = "first" }) end)
    slipstream.send(place.hearer, { text = "second" })
    place.host:advance(0)
    if is_sent then place:check_heard("first", "second") else place:check_heard "second" end
    return is_sent
  end
end

stories["a message"] = message(slipstream.send)
stories["a cast"] = message(slipstream.cast)

-- What comes of itself afterwards is heard as well, though nobody sends a message any more.
stories["a message before an event"] = function(place)
  local heard = {}
  local Sleeper = slipstream.client { restart = "temporary" }
  function Sleeper:init() self:send_after(10, "event") end
  function Sleeper.handle_info(_, text) table.insert(heard, text) end
  local sleeper = slipstream.start(Sleeper, nil, { host = place.host })
  local is_sent = place:try(function() return slipstream.send(sleeper, "message") end)
  place.host:advance(10)
  place:check(is_sent and "[message event]" or "[event]", show(heard))
  return is_sent
end

stories["a message behind others"] = function(place)
  local is_sent = place:try(function() return slipstream.send(place.hearer, { text = "late" }) end, function()
    for _ = 1, 3 do slipstream.send(place.hearer, { text = "early" }) end
  end)
  place:check_heard("early", "early", "early", is_sent and "late" or nil)
  return is_sent
end

stories["a message to oneself, later"] = function(place)
  local heard, is_set = {}, nil
  local Sleeper = slipstream.client { restart = "temporary" }
  function Sleeper:handle_cast(text)
    grant(place.count)
    is_set = pcall(self.send_after, self, 10, text)
    grant()
  end
  function Sleeper.handle_info(_, text) table.insert(heard, text) end
  slipstream.start(Sleeper, nil, { host = place.host }):cast "later"
  place.host:advance(10)
  place:check(is_set and "[later]" or "[]", show(heard))
  return is_set
end

stories["a reply"] = function(place)
  local answer
  place:run(function() answer = { slipstream.call(place.hearer, "?") } end)
  local was_waiting = place:try(function() return slipstream.reply(place.from, "yes") end)
  if not was_waiting then place:check(true, slipstream.reply(place.from, "yes")) end
  place.host:advance(0)
  place:check("[yes]", show(answer))
  return was_waiting
end

stories["a stop"] = function(place)
  local is_asked_for = place:try(function() return slipstream.stop(place.hearer) end)
  if not is_asked_for then slipstream.stop(place.hearer) end
  place.host:advance(0)
  place:check_heard "end"
  return is_asked_for
end

stories["a start"] = function(place)
  local Starter = slipstream.client { restart = "temporary" }
  function Starter.init() return "ok", { continue = "more" } end
  function Starter.handle_continue() end
  local function start() return slipstream.start(Starter, nil, { host = place.host, name = "star" }) end
  local client = place:try(start)
  if not client and has_failed() then return end
  place:check(client or start(), slipstream.whereis "star")
  return client
end

local function play(name, story)
  local count = 0
  repeat
    local place <close> = setmetatable(new_place(name, count), { __index = Place,
      __close = function(self) test_kit.close(self.host) end })
    local is_enough = story(place)
    count = count + 1
  until is_enough
  assert(count > 1, name .. ": nothing was wanting")
end

for name, story in pairs(stories) do play(name, story) end
