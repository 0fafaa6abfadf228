local mailbox = require "slipstream.mailbox"

describe("a mailbox", function()
  local box

  before_each(function() box = mailbox.new() end)

  local function fill(...)
    for _, entry in ipairs { ... } do assert.is_true(box:add(entry)) end
  end

  -- Empties it.
  local function rest()
    local entries = {}
    for entry in function() return box:first() end do entries[#entries + 1] = entry end
    return entries
  end

  it("gives its entries in the order of their arrival", function()
    fill("a", "b", "c")
    assert.same({ "a", "b", "c" }, rest())
    fill("d")
    assert.same({ "d" }, rest())
  end)

  it("gives nil when it is empty", function()
    assert.is_nil(box:first())
    assert.is_nil(box:at(1))
    assert.is_nil(box:take(1))
    assert.equal(0, box:count())
  end)

  it("shows an entry at a position and keeps it", function()
    fill("a", "b", "c")
    box:first()
    assert.same({ "b", "c" }, { box:at(1), box:at(2) })
    assert.is_nil(box:at(0))
    assert.is_nil(box:at(3))
    assert.equal(2, box:count())
  end)

  it("gives an entry out of turn, and the others in theirs", function()
    local all = { "a", "b", "c", "d", "e" }
    for position, entry in ipairs(all) do
      fill(table.unpack(all))
      assert.equal(entry, box:take(position))
      assert.equal(4, box:count())
      local others = { table.unpack(all) }
      table.remove(others, position)
      assert.same(others, rest())
    end
  end)

  it("gives nothing at a position that it does not have", function()
    fill("a", "b")
    assert.is_nil(box:take(3))
    assert.is_nil(box:take(0))
    assert.same({ "a", "b" }, rest())
  end)

  it("does what a plain list does, whatever is asked of it", function()
    math.randomseed(1)
    local list = {}
    for number = 1, 5000 do
      if math.random() < 0.52 then
        fill(number)
        list[#list + 1] = number
      else
        local position = math.random(#list + 1)
        assert.equal(list[position], box:take(position))
        if list[position] then table.remove(list, position) end
      end
      assert.equal(#list, box:count())
    end
    assert.same(list, rest())
  end)

  it("refuses more than its most, until one is taken", function()
    for number = 1, mailbox.MOST do box:add(number) end
    assert.same({ nil, "mailbox_full" }, { box:add("one too many") })
    assert.equal(mailbox.MOST, box:count())
    assert.equal(1, box:first())
    assert.is_true(box:add("last"))
    assert.equal("last", box:take(mailbox.MOST))
  end)

  it("keeps nothing alive that was taken", function()
    local alive = setmetatable({}, { __mode = "k" })
    for _ = 1, 5 do
      local entry = {}
      alive[entry] = true
      box:add(entry)
    end
    box:first()
    box:take(2)
    box:take(3)
    collectgarbage()
    local count = 0
    for _ in pairs(alive) do count = count + 1 end
    assert.equal(2, count)
    assert.equal(2, box:count())
  end)

  it("gives back the room of a flood", function()
    local function bytes_of_flood()
      collectgarbage()
      local before = collectgarbage "count" * 1024
      for number = 1, 20000 do box:add(number) end
      rest()
      collectgarbage()
      return collectgarbage "count" * 1024 - before
    end
    assert.is_true(bytes_of_flood() < 4096)
  end)
end)
