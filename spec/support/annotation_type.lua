-- Annotation_type: the types in the annotations of lua-language-server: where one ends, and what a function's
-- consists of.

local M = {}

-- Where what opens at `from` is closed, as far as pairs go.
local function close_of(text, from)
  for _, pair in ipairs { "%b()", "%b{}", "%b<>", "%b\"\"" } do
    local _, last = text:find("^" .. pair, from)
    if last then return last end
  end
end

local read_type

-- What a function type returns stands behind a colon: types with commas between them.
local function read_results(text, from)
  local _, last = text:find("^:%s*", from)
  if not last then return from end
  repeat
    from = read_type(text, last + 1)
    _, last = text:find("^,%s+", from)
    local _, at_name = text:find("^[%w_.]+[?%[%]]*%f[,%s\0)]", last and last + 1 or #text + 1)
  until not at_name
  return from
end

-- One alternative of a union; answers the place behind it.
local function read_single(text, from)
  local _, last = text:find("^fun%f[(]", from)
  if last then return read_results(text, close_of(text, last + 1) + 1) end
  last = close_of(text, from)
  if not last then
    _, last = text:find("^[%w_.%-]+", from)
    last = last or from
    last = text:find("^<", last + 1) and close_of(text, last + 1) or last
  end
  _, last = text:find("^[?%[%]]*", last + 1)
  return last + 1
end

function read_type(text, from)
  repeat
    from = read_single(text, from)
    local is_union = text:sub(from, from) == "|"
    if is_union then from = from + 1 end
  until not is_union
  return from
end

--- A type at the beginning of a text, and what follows it.
---@param text string
---@return string type
---@return string rest
function M.take(text)
  local behind = read_type(text, 1)
  return text:sub(1, behind - 1), (text:sub(behind):gsub("^%s+", ""))
end

--- The parts of a list with commas, as far as no bracket is open.
---@param text string
---@return string[]
function M.split(text)
  local parts, depth, part = {}, 0, ""
  for char in text:gmatch "." do
    if char:find "[({<]" then depth = depth + 1 elseif char:find "[)}>]" then depth = depth - 1 end
    if char == "," and depth == 0 then
      parts[#parts + 1], part = part:match "^%s*(.-)%s*$", ""
    else
      part = part .. char
    end
  end
  if part:find "%S" then parts[#parts + 1] = part:match "^%s*(.-)%s*$" end
  return parts
end

--- "fun(topic: string): boolean what it is" as params, returns, and the text behind it.
---@param text string
---@return spec.Named[] params
---@return spec.Named[] returns
---@return string rest
function M.read_signature(text)
  local whole, rest = M.take(text)
  local list = close_of(whole, 4)
  local params = {}
  for _, part in ipairs(M.split(whole:sub(5, list - 1))) do
    local name, type = part:match "^([%w_.]+):%s*(.+)$"
    params[#params + 1] = { name = name or part, type = type or "any", text = "" }
  end
  local returns = {}
  for _, part in ipairs(M.split(whole:match("^:%s*(.+)$", list + 1) or "")) do
    returns[#returns + 1] = { name = "", type = part, text = "" }
  end
  return params, returns, rest
end

return M
