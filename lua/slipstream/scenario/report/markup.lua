--- Markup: elements of a page as text, which is HTML and XML alike.

local legible = require "slipstream.legible"
local text = require "slipstream.scenario.output.text"

local M = {}

--- Words as markup, whatever is in them.
---@param words any
---@return string
function M.words(words) return text.escape(legible.line(words)) end

--- A coordinate, which needs no more than a tenth of a pixel.
---@param value number
---@return string
function M.coordinate(value) return (("%.1f"):format(value):gsub("%.0$", "")) end

local function value_of(value)
  if math.type(value) == "float" then return M.coordinate(value) end
  return M.words(value)
end

-- In an order that is the same every time.
local function show_attributes(attributes)
  local parts = {}
  for name, value in pairs(attributes) do parts[#parts + 1] = (' %s="%s"'):format(name, value_of(value)) end
  table.sort(parts)
  return table.concat(parts)
end

--- An element; without content it ends itself, which HTML allows in SVG and of those that have none.
---@param name string
---@param attributes table<string, string|number>? none when absent
---@param content (string|string[])? markup
---@return string
function M.element(name, attributes, content)
  local head = name .. (attributes and show_attributes(attributes) or "")
  if not content then return ("<%s/>"):format(head) end
  if type(content) == "table" then content = table.concat(content) end
  return ("<%s>%s</%s>\n"):format(head, content, name)
end

return M
