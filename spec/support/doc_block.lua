-- Doc_block: runs the blocks of code of the docs, each as its first line asks for it:
--
--   ```lua run        a script or a client, with a server; it prints what its `-->` comments say
--   ```lua x.lua      a file of that name for the commands of the page
--   ```sh             commands, with those files and a server; they print what their `#>` comments say
--   ```sh ctrl-c      a command that goes on, until it has printed that
--   ```sh install     are not run: they change the machine, …
--   ```sh build       … they have built what runs here, …
--   ```sh slow        … they take minutes. Their programs and options are looked for
--   ```json           values, one a line
--   ```text           pictures, and what people read
--   ```LANGUAGE spec/…_spec.lua   that spec runs it
--
-- `build/release/slipstream`, or `slipstream`, is the program under test, `serve` takes a free port, and
-- ws://localhost:4000/socket/websocket is a server that has been started.
local api_doc = require "spec.support.api_doc"
local assert = require "luassert"
local json = require "cjson"
local program = require "spec.support.program"
local uv = require "luv"

local M = {}

local URI <const> = "ws://localhost:4000/socket/websocket"

-- How wide the space between two values is says nothing, nor which port was free.
local function squeeze(text)
  return (text:gsub("[ \t]+", " "):gsub("127%.0%.0%.1:%d+", "127.0.0.1:4000"):gsub("\n$", ""))
end

-- What comments say is printed.
local function promised(block, mark)
  local lines = {}
  for _, line in ipairs(block.lines) do lines[#lines + 1] = line:match(mark .. " (.*)$") end
  return lines
end

local function place_of(block) return ("%s:%d"):format(block.path, block.line) end

-- Lua.

-- A file whose lines have the numbers that they have on the page.
local function file_of(block)
  return program.file "example.lua" (("\n"):rep(block.line) .. table.concat(block.lines, "\n"))
end

local function run_lua(block, uri)
  local file, output = file_of(block), promised(block, "%-%->")
  assert(#output > 0, "it promises nothing")
  local code, it_ran = program.run { "run", file, "--uri", uri }
  local faults = place_of(block) .. ": " .. it_ran:errors():gsub(file, block.path)
  assert.equal(squeeze(table.concat(output, "\n")), squeeze(it_ran:output()), faults)
  assert.equal(0, code, faults)
end

local function check_lua(block) assert(load(table.concat(block.lines, "\n"), "=" .. place_of(block))) end

-- Commands.

local function link(to, path) assert(uv.fs_symlink(to, program.folder() .. "/" .. path)) end

-- Where the commands run: with the program, the Lua modules, the examples, and the files of the page.
local function furnish(path)
  local folder = program.folder()
  for _, name in ipairs { "build", "build/release" } do assert(uv.fs_mkdir(folder .. "/" .. name, 448)) end
  for _, name in ipairs { "lua", "examples", "spec" } do link(uv.fs_realpath(name), name) end
  link(program.binary, "build/release/slipstream")
  link(uv.fs_realpath "examples/08_scenarios", "chat")
  for _, block in ipairs(api_doc.blocks(path)) do
    if M.is_file(block) then program.file(block.kind)(table.concat(block.lines, "\n")) end
  end
end

local function start(block, uri, before)
  furnish(block.path)
  local text = table.concat(block.lines, "\n"):gsub(URI, uri):gsub("slipstream serve", "%0 --port 0")
  local bin = program.folder() .. "/build/release:" .. os.getenv "PATH"
  return program.start({ "-e", "-c", before .. text },
    { path = "/bin/sh", cwd = program.folder(), env = { PATH = bin, XDG_RUNTIME_DIR = program.folder() } })
end

local function run_commands(block, uri)
  local it_runs = start(block, uri, "")
  local code = it_runs:exit()
  assert.equal(0, code, place_of(block) .. ": " .. it_runs:errors())
  local output = promised(block, "#>")
  if #output > 0 then assert.equal(table.concat(output, "\n"), squeeze(it_runs:output()), place_of(block)) end
end

local function interrupt(block, uri)
  local output = promised(block, "#>")
  assert(#output > 0, "it promises nothing")
  local it_runs = start(block, uri, "exec ")
  for _, line in ipairs(output) do assert.equal(line, squeeze(it_runs:read "")) end
  it_runs:signal "sigint"
  assert.equal(130, it_runs:exit())
end

-- What is not run.

-- A script of ours says itself what it takes; of others nothing is known.
local function help_of(command)
  local script = command:match "^scripts/%l+"
  if script then
    local file <close> = assert(io.open(script))
    return file:read "a"
  end
  local verb = command:match "slipstream (%l+)"
  if not verb then return end
  local _, it_ran = program.run { verb, "--help" }
  return it_ran:output()
end

local function check_options(block)
  for _, line in ipairs(block.lines) do
    local command = line:gsub("%s+# .*$", "")
    local help = help_of(command)
    for option in command:gmatch "%f[%-%w]%-%-[%l-]+" do
      assert(not help or help:find(option, 1, true), ("%s: no %s"):format(place_of(block), option))
    end
  end
end

local function check_json(block)
  for _, line in ipairs(block.lines) do json.decode(line) end
end

local function check_spec(block)
  local spec <close> = assert(io.open(block.kind))
  assert(spec:read("a"):find(block.path, 1, true), ("%s does not know %s"):format(block.kind, block.path))
end

local runners = {
  ["lua run"] = run_lua,
  ["sh"] = run_commands,
  ["sh ctrl-c"] = interrupt,
  ["sh install"] = check_options,
  ["sh build"] = check_options,
  ["sh slow"] = check_options,
  ["json"] = check_json,
  ["text"] = function() end,
}

--- Whether it is a file of its page.
---@param block spec.Block
---@return boolean
function M.is_file(block)
  return block.language == "lua" and block.kind:find "^[%w_]+%.lua$" ~= nil
end

--- The function that runs it, with the URI of a server; nil: it does not say what it is.
---@param block spec.Block
---@return fun(block: spec.Block, uri: string)?
function M.runner(block)
  if M.is_file(block) then return check_lua end
  if block.kind:find "^spec/[%w_/]+_spec%.lua$" then return check_spec end
  return runners[(block.language .. " " .. block.kind):gsub(" $", "")]
end

return M
