-- Api_doc: README.md and the pages of docs as data: the entries of their tables, and the blocks of code.

local M = { path = "docs/api.md" }

--- All pages: README.md and those of docs.
---@return string[]
function M.paths()
  local paths = { "README.md" }
  local files <close> = assert(io.popen "LC_ALL=C ls docs/*.md")
  for path in files:lines() do paths[#paths + 1] = path end
  return paths
end

-- The first code span of a row: "self:push(topic, …)" and "slipstream.null" are entries of their last
-- name.
local function entry_of(line)
  local name = line:match "^| `([%w_.:]+)"
  return name and name:match "[%w_]+$"
end

-- Reads the lines of a page with their numbers, and says whether each is inside a block of code.
local function each_line(path, visit)
  local number, is_code = 0, false
  for line in io.lines(path) do
    number = number + 1
    local is_fence = line:find "^```" ~= nil
    if is_fence then is_code = not is_code end
    visit(line, number, is_code, is_fence)
  end
end

--- What each section of a page, by its heading, has entries for: heading → name → line.
---@param path string? docs/api.md
---@return table<string, table<string, integer>>
function M.sections(path)
  local sections, current = {}, {}
  each_line(path or M.path, function(line, number, is_code)
    if is_code then return end
    local heading = line:match "^##+ (.+)$"
    if heading then
      current = {}
      sections[heading] = current
    end
    local name = entry_of(line)
    if name then current[name] = number end
  end)
  return sections
end

--- A page without its blocks of code.
---@param path string
---@return string
function M.prose(path)
  local lines = {}
  each_line(path, function(line, _, is_code) lines[#lines + 1] = not is_code and line or nil end)
  return table.concat(lines, "\n")
end

---@class spec.Block
---@field path string the page
---@field line integer of the fence
---@field language string "lua", "sh", "json", …
---@field kind string what else the fence says, "" when nothing
---@field lines string[]

--- The blocks of code of a page, in their order; what they are its first line says: "```lua run".
---@param path string
---@return spec.Block[]
function M.blocks(path)
  local blocks, block = {}, nil
  each_line(path, function(line, number, is_code, is_fence)
    if is_fence and is_code then
      local language, kind = line:match "^```(%S*)%s*(.-)$"
      block = { path = path, line = number, language = language, kind = kind, lines = {} }
      blocks[#blocks + 1] = block
    elseif is_code then
      table.insert(block.lines, line)
    end
  end)
  return blocks
end

--- The text of those of a page that are in a language and of a kind.
---@param path string
---@param language string
---@param kind string
---@return string[]
function M.parts(path, language, kind)
  local parts = {}
  for _, block in ipairs(M.blocks(path)) do
    local is_it = block.language == language and block.kind == kind
    parts[#parts + 1] = is_it and table.concat(block.lines, "\n") or nil
  end
  return parts
end

return M
