-- What a presence makes of a server's news: the rules of phoenix.js, but that each meta is told of once.
local states = require "slipstream.presence.state"

-- A presence with metas of these refs.
local function there(...)
  local metas = {}
  for place, ref in ipairs { ... } do metas[place] = { phx_ref = ref } end
  return { metas = metas }
end

local function diff(joins, leaves) return { joins = joins or {}, leaves = leaves or {} } end

-- "key ref,ref" of a presence; "-" for none.
local function text_of(presence)
  if not presence then return "-" end
  local refs = {}
  for place, meta in ipairs(presence.metas) do refs[place] = meta.phx_ref end
  return table.concat(refs, ",")
end

local told

local function on_join(key, current, new)
  told[#told + 1] = ("join %s: %s + %s"):format(key, text_of(current), text_of(new))
end

local function on_leave(key, current, left)
  told[#told + 1] = ("leave %s: %s - %s"):format(key, text_of(current), text_of(left))
end

local function sync_state(state, new) return states.sync_state(state, new, on_join, on_leave) end
local function sync_diff(state, news) return states.sync_diff(state, news, on_join, on_leave) end

describe("the state of a presence", function()
  before_each(function() told = {} end)

  it("becomes what the server says, and tells who comes and who goes", function()
    local state = { ann = there "1", bob = there "2" }
    assert.equal(state, sync_state(state, { bob = there "2", cat = there "3" }))
    assert.same({ bob = there "2", cat = there "3" }, state)
    assert.same({ "join cat: - + 3", "leave ann:  - 1" }, told)
  end)

  it("tells of new metas of a key only", function()
    local state = sync_state({ ann = there("1", "2") }, { ann = there("2", "3") })
    assert.same({ ann = there("2", "3") }, state)
    assert.same({ "join ann: 1,2 + 3", "leave ann: 2,3 - 1" }, told)
  end)

  it("has the metas that were there before in front of those that join", function()
    local state = sync_diff({ ann = there("1", "2") }, diff { ann = there "3" })
    assert.same({ ann = there("1", "2", "3") }, state)
  end)

  it("does not have a meta twice, and does not tell of it again", function()
    local state = sync_diff({ ann = there "1" }, diff { ann = there "1" })
    assert.same({ ann = there "1" }, state)
    assert.same({}, told)
  end)

  it("loses a key with its last meta", function()
    local state = sync_diff({ ann = there("1", "2") }, diff(nil, { ann = there "2" }))
    assert.same({ ann = there "1" }, state)
    sync_diff(state, diff(nil, { ann = there "1" }))
    assert.same({}, state)
    assert.same({ "leave ann: 1 - 2", "leave ann:  - 1" }, told)
  end)

  it("passes over a leave of what is not there", function()
    local state = sync_diff({ ann = there "1" }, diff(nil, { ann = there "2", bob = there "3" }))
    assert.same({ ann = there "1" }, state)
    assert.same({}, told)
  end)

  it("has an update, which is a join and a leave, as one meta", function()
    local state = sync_diff({ ann = there "1" }, diff({ ann = there "2" }, { ann = there "1" }))
    assert.same({ ann = there "2" }, state)
    assert.same({ "join ann: 1 + 2", "leave ann: 2 - 1" }, told)
  end)

  it("takes the other fields of a key from the last join", function()
    local new = there "2"
    new.name = "Ann B."
    local state = sync_diff({ ann = { metas = there "1".metas, name = "Ann A." } }, diff { ann = new })
    assert.equal("Ann B.", state.ann.name)
    sync_diff(state, diff(nil, { ann = there "1" }))
    assert.equal("Ann B.", state.ann.name)
  end)

  it("never changes a presence that somebody was given", function()
    local ann = there "1"
    local state = { ann = ann }
    sync_diff(state, diff({ ann = there "2" }, { ann = there "1" }))
    assert.same(there "1", ann)
  end)

  it("has any string as a key", function()
    local joins = { [""] = there "1", metas = there "2", __index = there "3", ["a\0b"] = there "4" }
    local state = sync_diff({}, diff(joins))
    assert.same({ "", "__index", "a\0b", "metas" }, states.list(state, function(key) return key end))
  end)

  it("is listed in the order of the keys, by what a function makes of each", function()
    local state = { bob = there("2", "3"), ann = there "1" }
    assert.same({ there "1", there("2", "3") }, states.list(state))
    local function count(key, presence) return key .. " " .. #presence.metas end
    assert.same({ "ann 1", "bob 2" }, states.list(state, count))
  end)

  it("needs nobody to be told", function()
    assert.same({ ann = there "1" }, states.sync_state({ bob = there "2" }, { ann = there "1" }))
  end)

  it("is told apart from anything else that a server may send", function()
    assert.is_true(states.is_state {})
    assert.is_true(states.is_state { ann = { metas = {} } })
    local odd = { 1, "x", { {} }, { ann = 1 }, { ann = {} }, { ann = { metas = 1 } },
      { ann = { metas = { 1 } } }, { ann = { metas = { { phx_ref = nil } } } } }
    for place, value in ipairs(odd) do assert.is_false(states.is_state(value), place) end
    assert.is_true(states.is_diff { joins = {}, leaves = {} })
    assert.is_false(states.is_diff { joins = {} })
    assert.is_false(states.is_diff(nil))
  end)
end)
