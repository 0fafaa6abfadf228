--- Outcomes: what the waits of a scenario's verbs come to: a sample for the figures, or a failure.

local core = require "slipstream.core"
local failures = require "slipstream.scenario.failure"
local show = require "slipstream.show"
local uv = require "luv"

local M = {}

-- What of a topic ends a wait; the other reasons are of the connection.
local of_topic = { channel_closed = true, channel_error = true, failed_to_join = true, join_timeout = true }
local of_attempt = { connect_failed = true, connect_timeout = true }
local refusals = { failed_to_join = true, connect_failed = true }

local sentences = {
  not_connected = "it is not connected",
  not_joined = "the topic is not joined",
  never_joined = "the topic was never joined",
  queue_full = "the queue is full: the server does not take what was sent before",
}

-- In one word, and in words for people.
local function explain(reason, msec, what)
  if reason == "timeout" then return "timeout", ("%s within %d msec"):format(what or "nothing", msec) end
  if getmetatable(reason) ~= core.reason_mt then
    return sentences[reason] and "closed" or "error", sentences[reason] or tostring(reason)
  end
  local text, kind = tostring(reason), reason.kind
  local word = refusals[kind] and "refused" or kind:find "_timeout$" and "timeout" or "closed"
  if of_topic[kind] or of_attempt[kind] then return word, text end
  return word, "the connection ended meanwhile: " .. text
end

--- Fails the verb of a socket that runs.
---@param socket slipstream.scenario.Socket
---@param sample string what it is called in figures
---@param kind string
---@param text string
---@param awaited table? see slipstream.scenario.Failure
function M.fail(socket, sample, kind, text, awaited)
  local meter = socket._t._meter
  if meter then meter:fail(sample, kind) end
  return failures.of_verb(kind, socket, text, awaited)
end

-- What is said of a socket that the scenario still has when it is closed for good.
local GONE = "it is closed: what an iteration connects is closed at its end, what setup connects stays"

--- The same for a wait, by what that answered.
---@param socket slipstream.scenario.Socket
---@param sample string
---@param reason any
---@param msec integer? how long it may have waited
---@param awaited table? with `what` came when it took too long: "no reply"
function M.fail_wait(socket, sample, reason, msec, awaited)
  if socket._socket._ending then return M.fail(socket, sample, "closed", GONE, awaited) end
  local kind, text = explain(reason, msec, awaited and awaited.what)
  return M.fail(socket, sample, kind, text, awaited)
end

--- What is told of a reply that was not "ok".
---@param status string
---@param response any
---@return string
function M.refusal(status, response)
  local is_empty = type(response) == "table" and next(response) == nil
  return ("the reply was %s%s"):format(status, is_empty and "" or " " .. show.json(response))
end

--- When a verb begins, if anybody measures that.
---@param socket slipstream.scenario.Socket
---@return integer|false|nil
function M.start(socket)
  return socket._t._meter and uv.hrtime()
end

--- It has come to what it should.
---@param socket slipstream.scenario.Socket
---@param sample string
---@param began integer? what `start` answered
function M.measure(socket, sample, began)
  if began then socket._t._meter:sample(sample, (uv.hrtime() - began) // 1000 | 0) end
end

return M
