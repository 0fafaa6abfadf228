-- Api_doc: the pages of what a script can call as data: the entries of their tables, and the examples
-- that run.

local M = {
  path = "docs/api.md",
  paths = {
    "README.md", "docs/api.md", "docs/faults.md", "docs/presence.md", "docs/unreliable-connections.md",
  },
}

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

--- The blocks that begin with "```lua run", in their order: `line` of the fence, `lines`, and `output`,
-- what their `-->` comments say they print.
---@param path string
---@return { line: integer, lines: string[], output: string[] }[]
function M.examples(path)
  local examples, example = {}, nil
  each_line(path, function(line, number, is_code, is_fence)
    if is_fence then
      example = is_code and line == "```lua run" and { line = number, lines = {}, output = {} } or nil
      examples[#examples + 1] = example
    elseif example then
      table.insert(example.lines, line)
      table.insert(example.output, (line:match "%-%-> (.*)$"))
    end
  end)
  return examples
end

--- The other blocks of Lua, in their order: parts of something, or what does not end by itself.
---@param path string
---@return string[]
function M.parts(path)
  local parts, part = {}, nil
  each_line(path, function(line, _, is_code, is_fence)
    if is_fence then
      part = is_code and line == "```lua" and {} or nil
      parts[#parts + 1] = part
    elseif part then
      table.insert(part, line)
    end
  end)
  for place, lines in ipairs(parts) do parts[place] = table.concat(lines, "\n") end
  return parts
end

return M
