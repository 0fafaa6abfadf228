-- What the soak is told on its command line.

local M = {}

local HINT = "\nscripts/soak --help tells what it takes\n"

local function refuse(text)
  io.stderr:write("soak: ", text, HINT)
  os.exit(2)
end

local function read_integer(name, text, least)
  local value = math.tointeger(tonumber(text))
  if not value or value < least then
    refuse(("%s: an integer from %d expected, got %s"):format(name, least, text or "nothing"))
  end
  return value
end

local function read_minutes(options, text)
  local value = tonumber(text)
  if not value then refuse("unknown argument: " .. text) end
  if not (value > 0 and value < math.huge) then refuse("MINUTES: a number above 0 expected, got " .. text) end
  if options.minutes then refuse("MINUTES are given twice") end
  options.minutes = value
end

---@class soak.Options
---@field minutes number? one when there are no connections
---@field connections integer?
---@field seed integer?
---@field json boolean?

--- Ends the process when they make no sense.
---@param list string[]
---@return soak.Options
function M.read(list)
  local options, at = {}, 1
  while list[at] do
    if list[at] == "--json" then
      options.json = true
    elseif list[at] == "--connections" or list[at] == "--seed" then
      local name = list[at]:sub(3)
      at = at + 1
      options[name] = read_integer("--" .. name, list[at], name == "seed" and 0 or 1)
    else
      read_minutes(options, list[at])
    end
    at = at + 1
  end
  if options.minutes and options.connections then refuse "either MINUTES or --connections, not both" end
  if not options.connections then options.minutes = options.minutes or 1 end
  return options
end

return M
