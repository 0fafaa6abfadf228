--- Text: how outputs write what they tell.

local M = {}

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

--- As XML and HTML have it, between tags and in attributes.
---@param text string
---@return string
function M.escape(text) return (text:gsub("[&<>\"']", entities)) end

--- A time for people: "12 msec", "1.2 s", "2 min 3 s".
---@param msec integer
---@return string
function M.duration(msec)
  if msec < 1000 then return ("%d msec"):format(msec) end
  if msec < 59950 then return ("%.1f s"):format(msec / 1000) end
  local seconds = (msec + 500) // 1000
  return ("%d min %d s"):format(seconds // 60, seconds % 60)
end

--- Seconds with milliseconds, as XML and TAP have them.
---@param msec integer
---@return string
function M.seconds(msec) return ("%d.%03d"):format(msec // 1000, msec % 1000) end

return M
