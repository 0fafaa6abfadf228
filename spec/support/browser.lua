-- Browser: what headless Chromium makes of a page, for specs; `M.is_there` tells whether there is one.
--
--   local page = browser.open(path)
--   page.dom          -- its markup, after its scripts have run
--   page.console      -- what it has said there: "" is good
--   page.network      -- what was asked of the network, as Chromium notes it
local shell = require "spec.support.shell"

local M = {}

M.is_there = shell.run "command -v chromium >/dev/null"

-- No name is resolved, so nothing leaves this machine.
local COMMAND = [[cd %s && timeout 60 chromium --headless --no-sandbox --disable-gpu --no-first-run \
  --user-data-dir=profile --disable-background-networking --host-resolver-rules='MAP * ~NOTFOUND' \
  --log-net-log=network.json --enable-logging=stderr --virtual-time-budget=1000 \
  --dump-dom 'file://%s' 2>errors]]

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

-- Of all that Chromium says of itself only what the page did.
local function console_of(errors)
  local lines = {}
  for line in errors:gmatch "[^\n]+" do
    if line:find ":CONSOLE" then lines[#lines + 1] = line end
  end
  return table.concat(lines, "\n")
end

-- Opens the file in a browser that is as new.
function M.open(path)
  local folder = shell.read("mktemp -d"):gsub("%s", "")
  local page = { dom = shell.read(COMMAND:format(folder, path)) }
  page.console = console_of(read(folder .. "/errors"))
  page.network = read(folder .. "/network.json")
  shell.run("rm -r " .. folder)
  return page
end

return M
