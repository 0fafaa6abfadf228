-- Whether memory is flat: what both sides take at rest, with no connection open, after the warm-up and at
-- the end.

local M = {}

local KIB = 1024

-- What may come in between, however long the run is. malloc keeps up to 230 KiB of small blocks for its
-- next callers and counts them as in use; what is resident depends on where in the heap blocks came to lie.
local most_growth = { heap = 256 * KIB, lua = 64 * KIB, resident = 2048 * KIB }

local titles = {
  { "here", "heap", "memory here" }, { "here", "lua", "of it Lua's, here" },
  { "here", "resident", "resident here" },
  { "there", "heap", "memory of the server" }, { "there", "lua", "of it Lua's, on the server" },
  { "there", "resident", "resident on the server" },
}

---@class soak.Growth
---@field title string
---@field first integer bytes after the warm-up
---@field last integer bytes at the end
---@field is_flat boolean

--- What has become of it between two rests.
---@param first { here: soak.Reading, there: soak.Reading }
---@param last { here: soak.Reading, there: soak.Reading }
---@return soak.Growth[]
function M.compare(first, last)
  local list = {}
  for _, entry in ipairs(titles) do
    local side, key, title = table.unpack(entry)
    local before, after = first[side][key], last[side][key]
    if before then
      local is_flat = after - before <= most_growth[key]
      table.insert(list, { title = title, first = before, last = after, is_flat = is_flat })
    end
  end
  return list
end

return M
