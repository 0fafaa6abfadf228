--- The nearest of some names: "did you mean …?".

local M = {}

-- How many letters are wrong: Levenshtein's distance, but two neighbours that changed places are one fault,
-- as they are one slip of the fingers. Row by row; `above` and `row` are the last two.
local function distance(a, b)
  local above, row = nil, {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local below = { [0] = i }
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      below[j] = math.min(row[j] + 1, below[j - 1] + 1, row[j - 1] + cost)
      local is_swapped = i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j)
      if is_swapped then below[j] = math.min(below[j], above[j - 2] + 1) end
    end
    above, row = row, below
  end
  return row[#b]
end

-- Whether one is a part of the other, in whole words: "token" of "auth_token".
local function has_words_of(a, b)
  if #a > #b then a, b = b, a end
  return ("_" .. b .. "_"):find("_" .. a .. "_", 1, true) ~= nil
end

-- nil also when there is more than one.
local function find_by_words(name, set)
  local found
  for candidate in pairs(set) do
    if has_words_of(name, candidate) then
      if found then return nil end
      found = candidate
    end
  end
  return found
end

local function find_by_letters(name, set, most)
  local best, least = nil, most + 1
  for candidate in pairs(set) do
    local away = distance(name, candidate)
    if away < least or away == least and best and candidate < best then best, least = candidate, away end
  end
  return best
end

--- The name among the keys of `set` that is nearest to `name`; nil when none is near.
---@param name string
---@param set table<string, any>
---@param most integer? how many letters may be wrong; when absent a quarter of them and one more, or it is
-- the only one that has its words
---@return string?
function M.find(name, set, most)
  if most then return find_by_letters(name, set, most) end
  return find_by_letters(name, set, #name // 4 + 1) or find_by_words(name, set)
end

--- What an error says behind an unknown name: ", did you mean NAME?", or nothing when none is near.
---@param name any
---@param set table<string, any>
---@return string
function M.hint(name, set)
  local guess = M.find(tostring(name), set)
  return guess and (", did you mean %s?"):format(guess) or ""
end

return M
