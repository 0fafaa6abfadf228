--- Argument: what commands tell argparse of their options.

local M = {}

--- A reader of whole numbers.
---@param option string for errors
---@param most integer
---@param least integer? 1
---@return fun(text: string): integer?, string?
function M.count(option, most, least)
  least = least or 1
  return function(text)
    local count = text:find "^%d+$" and math.tointeger(tonumber(text))
    if count and count >= least and count <= most then return count end
    return nil, ("%s: expected a whole number, %d to %d, got %s"):format(option, least, most, text)
  end
end

M.PORT_MOST = 65535

local function read_address(text)
  local host, digits = text:match "^%[(%x*:[%x:.]*)%]:(%d+)$"
  if not host then host, digits = text:match "^(%d+%.%d+%.%d+%.%d+):(%d+)$" end
  local port = math.tointeger(tonumber(digits))
  if port and port <= M.PORT_MOST then return { host = host, port = port } end
end

--- A reader of ADDRESS:PORT, of IPv6 the address in brackets.
---@param option string for errors
---@param host string? the address where there is a port alone; absent: both are needed
---@return fun(text: string): { host: string, port: integer }?, string?
function M.address(option, host)
  local form = host and "[ADDRESS:]PORT" or "ADDRESS:PORT"
  return function(text)
    local address = read_address(host and text:find "^%d+$" and host .. ":" .. text or text)
    if address then return address end
    return nil, ("%s: expected %s, such as 127.0.0.1:9568, got %s"):format(option, form, text)
  end
end

-- Names in `args` that `--set` cannot give.
local taken = { uri = "use --uri", index = "it counts the clients" }

--- Reads the KEY=VALUE of `--set`.
---@param text string
---@return { key: string, value: string }? pair, string? fault
function M.pair(text)
  local key, value = text:match "^([%w_%-]+)=(.*)$"
  if not key then return nil, "--set: expected KEY=VALUE, with letters, digits, _ and - in KEY" end
  if taken[key] then return nil, ("--set: %s cannot be set; %s"):format(key, taken[key]) end
  return { key = key, value = value }
end

--- An action for an option whose value may be absent, of which argparse makes a list; "" stands for none.
---@param options table
---@param target string
---@param list string[]
function M.take_one(options, target, list) options[target] = list[1] or "" end

--- Defines options that have a heading of their own in --help.
---@param command table
---@param heading string
---@param define fun(command: table, ...: any) may call `option` and `flag` of what it gets
---@param ... any
function M.group(command, heading, define, ...)
  local elements = {}
  local function keep(element)
    elements[#elements + 1] = element
    return element
  end
  define({
    option = function(_, ...) return keep(command:option(...)) end,
    flag = function(_, ...) return keep(command:flag(...)) end,
  }, ...)
  command:group(heading, table.unpack(elements))
end

return M
