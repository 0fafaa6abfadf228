-- The client module that reload.lua reloads: counts what is pushed to it, and says what is missing or comes
-- twice.

local slipstream = require "slipstream"
local state = require "spec.bench.reload_state"

local Bot = slipstream.client()

state.edition = state.edition + 1
Bot.version = state.edition

function Bot:init(uri)
  self.assigns.count = 0
  assert(self:connect { uri = uri })
end

function Bot:handle_connect() self:join "bench:1" end

function Bot.handle_join() state.joined = state.joined + 1 end

function Bot.handle_disconnect() state.dropped = state.dropped + 1 end

function Bot:handle_message(_, _, payload)
  if Bot.version ~= state.edition then state.stale = state.stale + 1 end
  if payload.count ~= self.assigns.count + 1 then state.wrong = state.wrong + 1 end
  self.assigns.count = payload.count
  state.received = state.received + 1
end

function Bot:handle_info() self:push("bench:1", "settle") end

function Bot:handle_reply(_, _, response)
  state.settled = state.settled + 1
  if response.count ~= self.assigns.count then state.wrong = state.wrong + 1 end
end

function Bot:code_change(old_version)
  assert(old_version == Bot.version - 1)
  self.assigns.version = Bot.version
end

return Bot
