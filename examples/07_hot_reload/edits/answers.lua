-- What the bot says.

local M = {}

local known = { ["will it rain?"] = "all day long" }

function M.to(question)
  return known[question] or "I do not know: " .. question
end

return M
