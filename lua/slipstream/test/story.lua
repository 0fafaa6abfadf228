--- Stories: what a failed assertion says: what was awaited, what the client did instead, how it is now.

local kit = require "slipstream.test.kit"
local log = require "slipstream.log"
local match = require "slipstream.match"
local words = require "slipstream.words"

local M = {}

-- So many of what it sent, and of the lines of the log, are told.
local MOST = 10

local say = {}

function say.join(sent) return words.with("join " .. tostring(sent.topic), sent.payload) end
function say.leave(sent) return "leave " .. tostring(sent.topic) end
function say.push(sent)
  return words.with(("push %s %s"):format(tostring(sent.topic), tostring(sent.event)), sent.payload)
end
function say.disconnect(sent)
  if not sent.code then return "disconnect" end
  return sent.text == "" and "disconnect " .. sent.code or ("disconnect %d: %s"):format(sent.code, sent.text)
end

--- What a client has sent, in words.
---@param sent slipstream.test.Sent
---@return string
function M.sent(sent) return say[sent.kind](sent) end

-- Why something that is near to what was awaited is not that.
local function remark(sent, wanted)
  local is_near = wanted and sent.kind == wanted.kind and match.matches(wanted.topic or match.any, sent.topic)
    and match.matches(wanted.event or match.any, sent.event)
  local difference = is_near and words.difference(wanted.payload, sent.payload)
  return difference and "   <- " .. difference or ""
end

local function add_sent(lines, line, wanted)
  local count, since = #line.sent, ("in the %d msec since the test began"):format(kit.clock())
  if count == 0 then
    lines[#lines + 1] = ("%s sent nothing else, %s"):format(line.client, since)
    return
  end
  lines[#lines + 1] = ("%s sent, %s:"):format(line.client, since)
  if count > MOST then lines[#lines + 1] = ("  (%d before)"):format(count - MOST) end
  for place = math.max(1, count - MOST + 1), count do
    local sent = line.sent[place]
    lines[#lines + 1] = ("  +%d msec  %s%s"):format(sent.at, M.sent(sent), remark(sent, wanted))
  end
end

-- How it is.

local function state_of_connection(line)
  local core = line.client._socket._core
  if not core or core:idle() then return "it is not connected" end
  if core:connected() then
    local topics = core:joined_topics()
    if #topics == 0 then return "it is connected, and has joined nothing" end
    table.sort(topics)
    return "it is connected, and has joined " .. table.concat(topics, ", ")
  end
  if line:is_open() then return "it closes its connection" end
  return "it connects, or is about to: see test.accept_connect"
end

local function state_of_callbacks(socket)
  local count = socket._mailbox and socket._mailbox:count() or 0
  local text = socket._fiber and ("; its %s waits"):format(socket._callback) or ""
  if count == 0 then return text end
  return ("%s; %d in its mailbox"):format(text, count)
end

-- Its life has ended, or the one before.
local function state_of_life(line)
  local client = line.client
  local own, former = client._socket._ending, line.socket._ending
  local status = client:status()
  if status == "restarting" then
    return "it has failed, and will be started again: " .. tostring(own.reason)
  elseif not client:alive() then
    return "it has ended: " .. tostring(own.reason)
  elseif own then
    return "it is about to end: " .. tostring(own.reason)
  elseif former and client._socket ~= line.socket then
    return "it has failed, and was started again: " .. tostring(former.reason)
  end
end

local function add_state(lines, line)
  lines[#lines + 1] = state_of_life(line)
  if not line.client:alive() then return end
  lines[#lines + 1] = state_of_connection(line) .. state_of_callbacks(line.client._socket)
end

local is_grave = { warn = true, error = true }
local told_elsewhere = { client = true, traceback = true }

-- The log is kept from the screen, so what it has to say of the client is told here.
local function add_log(lines, line)
  local own = {}
  for _, entry in ipairs(kit.get().log) do
    local is_ours = entry.fields.client == line.client.name and is_grave[entry.level]
    if is_ours then
      local text = log._with_fields(entry.text, entry.fields, told_elsewhere)
      table.insert(own, ("  %s: %s"):format(entry.level, text))
    end
  end
  if #own == 0 then return end
  lines[#lines + 1] = "its log:"
  table.move(own, math.max(1, #own - MOST + 1), #own, #lines + 1, lines)
end

--- The whole text.
---@param line slipstream.test.Line
---@param verb string the function that was called
---@param arguments any[] packed, without the client
---@param fault string
---@param wanted table? what was awaited, as `line:take` has it
---@return string
function M.tell(line, verb, arguments, fault, wanted)
  local values = table.move(arguments, 1, arguments.n, 2, { line.client, n = arguments.n + 1 })
  local lines = { ("%s%s: %s"):format(verb, words.arguments(values), fault) }
  add_sent(lines, line, wanted)
  add_state(lines, line)
  add_log(lines, line)
  return table.concat(lines, "\n")
end

return M
