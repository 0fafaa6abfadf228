-- What is told of an error that was caught.
local traceback = require "slipstream.traceback"
require "slipstream"

describe("what xpcall has caught", function()
  it("is told as the handler has made it", function()
    local _, caught = xpcall(error, traceback.catch, "boom", 0)
    assert.equal("boom", traceback.caught(caught).text)
    assert.equal(caught, traceback.caught(caught))
  end)

  it("is told in words when it has passed the handler by, as want of memory does", function()
    local caught = traceback.caught "not enough memory"
    assert.same({ text = "not enough memory", traceback = "" }, caught)
  end)

  it("has a guess for a misspelt method, and says what has it that was called on something else", function()
    local function text_of(fn) return select(2, xpcall(fn, traceback.catch)).text end
    local socket, known = {}, nil
    assert.matches("%(method 'pussh'%); did you mean push%?$", text_of(function() socket:pussh "x" end))
    assert.matches("%(method 'sned'%); did you mean send%?$", text_of(function() socket:sned "x" end))
    assert.matches("it is a method of clients, such as self:client%(%), and there is slipstream%.send%(…%)$",
      text_of(function() socket:send "x" end))
    assert.matches("%(method 'whereis'%); there is slipstream%.whereis%(…%)$",
      text_of(function() socket:whereis "x" end))
    assert.matches("'push'%); it is a method of sockets, such as the self of callbacks$",
      text_of(function() socket:push "x" end))
    assert.matches("%(method 'something_else'%)$", text_of(function() socket:something_else() end))
    assert.matches("%(upvalue 'known'%)$", text_of(function() known() end))
  end)
end)
