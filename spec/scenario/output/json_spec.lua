local core = require "slipstream.core"
local scenario_run = require "spec.support.scenario_run"

local tell = scenario_run.tell

local function objects_of(text)
  local objects = {}
  for line in text:gmatch "([^\n]*)\n" do objects[#objects + 1] = core.json.decode(line) end
  return objects
end

describe("the JSON output", function()
  it("has a line for each event, with fields in an order that is always the same", function()
    assert.equal([[
{"event":"begun","count":2,"seed":42,"jobs":2,"uri":"ws://[redacted]@host/socket?[redacted]"}
{"event":"started","name":"two users hear each other","file":"chat.lua","line":4,"tags":["chat","fast"]}
{"event":"ended","name":"two users hear each other","file":"chat.lua","line":4,"tags":["chat","fast"],]]
      .. [["status":"passed","msec":12,"tries":1,"logs":["room:lobby it is"]}
{"event":"started","name":"the moon is full","file":"chat.lua","line":20,"tags":[]}
{"event":"ended","name":"the moon is full","file":"chat.lua","line":20,"tags":[],]]
      .. [["status":"skipped","msec":0,"tries":1,"why":"not #today","logs":[]}
{"event":"finished","passed":1,"failed":0,"skipped":1,"not_run":0,"msec":6321,"seed":42}
]], (tell("json", { results = { scenario_run.passed, scenario_run.skipped } })))
  end)

  it("has the story of a failure", function()
    local ended = objects_of(tell("json", { results = { scenario_run.failed } }))[3]
    assert.equal("failed", ended.status)
    assert.same(scenario_run.failed.failure, ended.failure)
    assert.same({ "bob is late" }, ended.logs)
  end)

  it("says that some were not run", function()
    local objects = objects_of(tell("json", { results = { scenario_run.passed }, not_run = 2 }))
    assert.equal(3, objects[1].count)
    assert.equal(2, objects[4].not_run)
  end)

  it("is read whatever the texts are, which lose nothing but what is no UTF-8", function()
    local ended = objects_of(tell("json", { results = { scenario_run.hostile } }))[3]
    local expected = scenario_run.HOSTILE:gsub("\xff", "\\xff")
    assert.equal(expected, ended.name)
    assert.equal(expected, ended.failure.traceback)
    assert.same({ expected }, ended.logs)
  end)
end)
