-- What the bot says.

local M = {}

function M.to(question)
  return "I do not know: " .. question
end

return M
