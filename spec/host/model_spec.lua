-- Random stories of topics: a client and its model (spec/support/topic_model.lua) live through the same.
-- A seed makes the same story again: SLIPSTREAM_SEED=n tells that one alone, SLIPSTREAM_SEEDS=n so many.
local topic_run = require "spec.support.topic_run"

local STEPS = 60
local SEEDS = 3000

describe("topics over connections that come and go", function()
  -- Knuth's MMIX generator: the same stories on every machine and beside whatever draws luck.
  local function luck(seed)
    local state = seed
    return function()
      state = state * 6364136223846793005 + 1442695040888963407
      return (state >> 33) / 0x80000000
    end
  end

  local function pick(draw, list) return list[1 + math.floor(draw() * #list)] end

  local requests = {
    "join", "join", "join", "leave", "leave", "rejoin", "push", "push", "reconnect", "disconnect", "connect",
  }

  local function request(draw)
    local name = pick(draw, requests)
    if name == "reconnect" or name == "disconnect" or name == "connect" then return name end
    local topic = pick(draw, topic_run.topics)
    local params = name == "join" and pick(draw, { false, "fresh", "fresh", math.floor(draw() * 1000) })
    return name, topic, params or nil
  end

  local waits = { 1, 30, 50, 90, 100, 250, 400, 700, 1000, 1700, 3000, 6000 }

  -- How often, and what.
  local kinds = {
    { 30, function(draw) return { "ask", request(draw) } end },
    { 15, function() return { "settle" } end },
    { 10, function(draw) return { "plan", pick(draw, topic_run.callbacks), request(draw) } end },
    { 2, function(draw) return { "plan", pick(draw, topic_run.callbacks) } end },
    { 18, function() return { "accept" } end },
    { 18, function() return { "upgrade" } end },
    { 1, function() return { "refuse" } end },
    { 4, function() return { "drop" } end },
    { 2, function(draw) return { "close", pick(draw, { 1000, 1001, 1011, 4000 }) } end },
    { 8, function() return { "hold" } end },
    { 25, function(draw) return { "answer", pick(draw, { "ok", "ok", "ok", "error" }) } end },
    { 8, function(draw) return { "reply", draw(), pick(draw, { "ok", "error", "odd" }) } end },
    { 10, function(draw) return { "push", draw(), pick(draw, { "new", "phx_error", "phx_close" }) } end },
    { 3, function(draw) return { "broadcast", pick(draw, topic_run.topics) } end },
    { 20, function(draw) return { "advance", pick(draw, waits) + math.floor(draw() * 3) } end },
  }
  local total = 0
  for _, kind in ipairs(kinds) do total = total + kind[1] end

  local function random_step(draw)
    local left = draw() * total
    for _, kind in ipairs(kinds) do
      left = left - kind[1]
      if left < 0 then return kind[2](draw) end
    end
  end

  -- In every fourth, topics stay away when the connection is lost.
  local function story_of(seed)
    local draw, story = luck(seed), { stays_away = seed % 4 == 0 }
    for place = 1, STEPS do story[place] = random_step(draw) end
    return story
  end

  local function live(run, story)
    for _, step in ipairs(story) do run:take(step) end
    run:heal()
  end

  -- What went wrong in the story; nil when nothing did.
  local function fault_of(story)
    local run = topic_run.new(story.stays_away)
    local ok, fault = pcall(live, run, story)
    run:close()
    return not ok and fault or nil
  end

  -- Leaves out one step after the other, as long as something goes wrong without it.
  local function shrink(story)
    local place = #story
    while place > 0 do
      local shorter = table.move(story, 1, #story, 1, { stays_away = story.stays_away })
      table.remove(shorter, place)
      if fault_of(shorter) then story = shorter end
      place = place - 1
    end
    return story
  end

  local function show(story)
    local lines = {}
    for place, step in ipairs(story) do
      local words = {}
      for index = 1, #step do words[index] = tostring(step[index]) end
      lines[place] = table.concat(words, " ")
    end
    return table.concat(lines, "\n  ")
  end

  local function check(seed)
    if not fault_of(story_of(seed)) then return end
    local story = shrink(story_of(seed))
    error(("SLIPSTREAM_SEED=%d:\n  %s\n%s"):format(seed, show(story), fault_of(story)), 0)
  end

  it("stand as the model says, and those that are wanted are joined once in the end", function()
    local only = tonumber(os.getenv "SLIPSTREAM_SEED" or "")
    if only then return check(only) end
    for seed = 1, tonumber(os.getenv "SLIPSTREAM_SEEDS" or "") or SEEDS do check(seed) end
  end)
end)
