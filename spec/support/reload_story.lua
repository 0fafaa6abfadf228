-- Reload_story: a bot in a file of its own, clients of it on a pretended host, and what they say:
--
--   local story = reload_story.open()
--   story.write(1)                      -- version 1 of module "bot"
--   story.start "ann"
--   assert.equal("ann 1 hears", story.ask "ann")
--   story.close()
local module_folder = require "spec.support.module_folder"
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"

local M = {}

M.PROLOGUE = [[
local slipstream, said = require "slipstream", require "spec.said"
local Bot = slipstream.client()
function Bot:handle_info(message) said(self, message) end
]]

function M.open()
  local host, server, clock = phoenix.pretend()
  local modules, said = module_folder.open(), {}
  local story = { host = host, server = server, clock = clock, modules = modules }

  package.loaded["spec.said"] = function(socket, text)
    said[#said + 1] = ("%s %s %s"):format(socket._client.name, tostring(socket.version), text)
  end

  -- A version of the bot, with so much more in it.
  function story.write(version, more)
    modules:write("bot", ("%sBot.version = %d\n%s\nreturn Bot"):format(M.PROLOGUE, version, more or ""))
  end

  function story.start(name, args)
    return assert(slipstream.start(require "bot", args, { host = host, name = name }))
  end

  -- What was said since the last time.
  function story.read()
    clock:advance(0)
    local text = table.concat(said, ", ")
    said = {}
    return text
  end

  function story.send(name, message) assert(slipstream.send(name, message)) end

  function story.ask(name)
    story.send(name, "hears")
    return story.read()
  end

  function story.logged(text)
    for _, entry in ipairs(server.logged) do
      if entry.text:find(text, 1, true) then return entry end
    end
  end

  function story.close()
    phoenix.close(host)
    modules:close()
    package.loaded["spec.said"] = nil
  end

  return story
end

return M
