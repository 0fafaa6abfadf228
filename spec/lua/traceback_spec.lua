-- What is told of an error that was caught.
local traceback = require "slipstream.traceback"

describe("what xpcall has caught", function()
  it("is told as the handler has made it", function()
    local _, caught = xpcall(error, traceback.catch, "boom", 0)
    assert.equal("boom", traceback.caught(caught).text)
    assert.equal(caught, traceback.caught(caught))
  end)

  it("is told in words when it has passed the handler by, as want of memory does", function()
    local caught = traceback.caught "not enough memory"
    assert.same({ text = "not enough memory", traceback = "stack traceback:" }, caught)
  end)
end)
