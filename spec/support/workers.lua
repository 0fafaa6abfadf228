-- Workers: child modules that note what becomes of them, so that a spec can say in which order it did.
local script = require "slipstream.script"
local slipstream = require "slipstream"

local M = {}

-- A journal, and a module whose clients write to it: "+a" when the client of the name a starts, "-a" when
-- it ends. What such a client is sent it raises, and returns when it is a table. Callbacks in `own` come
-- instead of these.
function M.hire(own)
  local journal, Worker = {}, slipstream.client {}
  local function note(sign, client) journal[#journal + 1] = sign .. client.name end
  function Worker:init(args)
    note("+", self:client())
    if type(args) == "function" then return args(self) end
  end
  function Worker.handle_info(_, message)
    if type(message) == "table" then return table.unpack(message) end
    error(message)
  end
  function Worker:terminate() note("-", self:client()) end
  for name, fn in pairs(own or {}) do Worker[name] = fn end
  return journal, Worker
end

-- What was noted since the last look, in one line.
function M.read(journal)
  local text = table.concat(journal, " ")
  for place = #journal, 1, -1 do journal[place] = nil end
  return text
end

-- Starts a supervisor that is called "top". The options name its children by letters, as workers of those
-- names; a table is the spec that it is.
function M.supervise(host, Worker, options, start_options)
  for place, child in ipairs(options.children) do
    if type(child) == "string" then options.children[place] = { module = Worker, name = child } end
  end
  start_options = start_options or {}
  start_options.host, start_options.name = host, "top"
  return slipstream.start(slipstream.supervisor(options), nil, start_options)
end

-- Calls a function that waits; answers what it has answered by now, packed; nil when it still waits.
function M.ask(host, fn, ...)
  local answer
  script.begin({ host = host }, function(...) answer = table.pack(fn(...)) end, ...)
  host:advance(0)
  return answer
end

-- Those texts that were logged at a level; not that a callback lasts, which goes by the real clock: on a busy
-- machine any does.
function M.logged(server, level)
  local list = {}
  for _, entry in ipairs(server.logged) do
    local is_slow = entry.text:find("keeps all clients waiting", 1, true)
    if entry.level == level and not is_slow then list[#list + 1] = entry.text end
  end
  return list
end

return M
