--- Keys of tables, in an order that is the same every time.

local M = {}

-- Numbers first, then all else by what it is, and by its text.
local function comes_first(a, b)
  local kind, other = type(a), type(b)
  if kind ~= other then return kind == "number" or other ~= "number" and kind < other end
  if kind == "number" then return a < b end
  return tostring(a) < tostring(b)
end

--- Numbers first, then texts. Metamethods are passed by.
---@param map table
---@return any[]
function M.sorted(map)
  local keys, are_texts = {}, true
  for key in next, map do
    keys[#keys + 1] = key
    are_texts = are_texts and type(key) == "string"
  end
  table.sort(keys, not are_texts and comes_first or nil) -- without a function it is faster by far
  return keys
end

--- As words: "a, b".
---@param map table
---@return string
function M.listed(map) return table.concat(M.sorted(map), ", ") end

return M
