--- The log: one line an event, to standard error, as text or as JSON.
--
-- Secrets never get into it: values of fields with such names are replaced, and URIs lose their query.

local check = require "slipstream.check"
local core = require "slipstream.core"
local keys = require "slipstream.keys"
local legible = require "slipstream.legible"
local secret = require "slipstream.secret"
local show = require "slipstream.show"
local uv = require "luv"
local worker = require "slipstream.worker"

---@alias slipstream.Level "debug"|"info"|"warn"|"error"
---@alias slipstream.Sink fun(line: string, entry: table)

---@class slipstream.log
local M = {}

local ranks = { debug = 1, info = 2, warn = 3, error = 4 }

local state = {}

--- Whether lines of a level are written, by its name; for who asks often.
---@type table<slipstream.Level, boolean>
M._shown = {}

local function show_from(level)
  for name, rank in pairs(ranks) do M._shown[name] = rank >= ranks[level] end
  core.observe("log", M._shown.debug)
end

show_from "info"

--- The URI without what may be secret in it: its query and user info.
---@type fun(uri: any): string
M.redact_uri = secret.redact_uri

-- Strings, numbers and booleans as they are, everything else as its text.
local function plain(value)
  local kind = type(value)
  if kind == "string" or kind == "boolean" or math.type(value) == "integer" then return value end
  if kind == "number" and value - value == 0 then return value end
  return show.text(value)
end

local function quote(value)
  local text = tostring(value)
  if text ~= "" and not text:find("[%s%c\"=]") then return text end
  return '"' .. text:gsub('[%c"\\]', function(c)
    if c == "\n" then return "\\n" end
    return c:find("%c") and ("\\x%02x"):format(c:byte()) or "\\" .. c
  end) .. '"'
end

-- UTC, as ISO 8601 has it.
local function now()
  local seconds, micros = uv.gettimeofday()
  return os.date("!%Y-%m-%dT%H:%M:%S", seconds) .. (".%03dZ"):format(micros // 1000)
end

--- A text with its fields behind it, as a line has them, but for those that are told elsewhere.
---@param text string
---@param fields table<string, any>
---@param told table<string, boolean>
---@return string
function M._with_fields(text, fields, told)
  local parts = { text }
  for _, name in ipairs(keys.sorted(fields)) do
    if not told[name] then parts[#parts + 1] = name .. "=" .. quote(fields[name]) end
  end
  return table.concat(parts, " ")
end

-- A traceback keeps its lines, so that it can be read.
local told_below = { traceback = true }

local function format_text(entry)
  local text = M._with_fields(entry.text, entry.fields, told_below)
  local line = ("%s %-5s %s"):format(entry.time, entry.level, text)
  local traceback = entry.fields.traceback
  return legible.block(traceback and line .. "\n" .. traceback or line)
end

-- What every line has, in this order; a field with such a name gives way.
local own_names = { "time", "level", "text" }

local function format_json(entry)
  local parts = {}
  local function add(name, value)
    parts[#parts + 1] = core.json.encode(show.utf8(name)) .. ":" .. core.json.encode(show.utf8(value))
  end
  for _, name in ipairs(own_names) do add(name, entry[name]) end
  for _, name in ipairs(keys.sorted(entry.fields)) do
    if not entry[name] then add(name, entry.fields[name]) end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local formats = { text = format_text, json = format_json }
state.format = formats.text

-- In one piece, so that the lines of several workers do not mix.
local function to_stderr(line) io.stderr:write(line .. "\n") end
state.sink = to_stderr

-- Who logs shall not fail because of a sink that does.
local function give(line, entry)
  local ok, err = pcall(state.sink, line, entry)
  if ok then return end
  to_stderr(line)
  to_stderr("slipstream: the sink of the log failed: " .. plain(err))
end

local function write(level, text, fields)
  check.is_optional(2, fields, "table")
  if not M._shown[level] then return end
  local shown = {}
  if worker.count > 1 then shown.worker = worker.index end
  for name, value in pairs(fields or {}) do shown[tostring(name)] = plain(secret.redact(name, value)) end
  if shown.traceback == "" then shown.traceback = nil end
  local entry = { time = now(), level = level, text = tostring(text), fields = shown }
  give(state.format(entry), entry)
end

--- Logs for who looks for a fault.
---@param text string
---@param fields table<string, any>? shown as name=value
function M.debug(text, fields) write("debug", text, fields) end

--- Logs what an operator wants to know.
---@param text string
---@param fields table<string, any>?
function M.info(text, fields) write("info", text, fields) end

--- Logs what is wrong, but went on.
---@param text string
---@param fields table<string, any>?
function M.warn(text, fields) write("warn", text, fields) end

--- Logs what failed.
---@param text string
---@param fields table<string, any>?
function M.error(text, fields) write("error", text, fields) end

--- Whether lines of that level are written: spares the work for one that is not.
---@param level slipstream.Level
---@return boolean
function M.shows(level)
  if not ranks[level] then check.fail(1, ("no such level: %s"):format(level)) end
  return M._shown[level]
end


--- Leaves out what is less grave than `level`; "info" at first.
---@param level slipstream.Level
---@return true? ok, string? err nil and what the levels are
function M.set_level(level)
  if not ranks[level] then
    return nil, ("no such level: %s; there are %s"):format(level, keys.listed(ranks))
  end
  show_from(level)
  return true
end

--- Writes lines as "text" (at first) or "json".
---@param name "text"|"json"
---@return true? ok, string? err nil and what the formats are
function M.set_format(name)
  if not formats[name] then
    return nil, ("no such format: %s; there are %s"):format(name, keys.listed(formats))
  end
  state.format = formats[name]
  return true
end

--- Gives lines to `sink` instead of standard error; nil: to standard error again.
---@param sink slipstream.Sink?
---@return slipstream.Sink former
function M.set_sink(sink)
  check.is_optional(1, sink, "function")
  local former = state.sink
  state.sink = sink or to_stderr
  return former
end

return M
