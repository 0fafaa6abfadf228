-- scripts/bench: reads the arguments, builds, measures the rows that were asked for.

package.path = "spec/bench/?.lua;" .. package.path

local argparse = require "argparse"
local cjson = require "cjson"
local instructions = require "instructions"
local programs = require "programs"
local report = require "report"
local rows = require "rows"
local run = require "run"

-- Options.

local function read_runs(text)
  local runs = math.tointeger(tonumber(text))
  if runs and runs >= 1 then return runs end
  return nil, "--runs: expected a whole number from 1 on, got " .. text
end

local function names()
  local list = {}
  for at, row in ipairs(rows) do list[at] = row.name end
  return table.concat(list, ", ")
end

local function read_row(text)
  for _, row in ipairs(rows) do
    if row.name == text then return row end
  end
  return nil, ("there is no row %s; there are %s"):format(text, names())
end

local function read_options()
  local parser = argparse("scripts/bench", "Measures our client against a raw epoll client.",
    "Rows: " .. names() .. ". docs/performance.md tells more.")
  parser:argument("row", "Only these rows of the table."):args "*":convert(read_row)
  parser:option("--runs", "Print the medians of so many runs."):argname "N":default "3":convert(read_runs)
  parser:option("--peer", "Another client, to be measured beside ours."):argname "COMMAND"
  parser:flag("--json", "Print a JSON array of the results.")
  parser:flag("--instructions", "Count instructions by callgrind, not time.")
  local is_right, options = parser:pparse()
  if is_right then return options end
  io.stderr:write(parser:get_usage(), "\n\nError: ", options, "\n")
  os.exit(2)
end

-- Rows.

-- What the row is measured against; nothing when by itself.
local function against_of(row)
  if row.against == nil then return { run = row.run, client = "floor", servers = row.servers } end
  return row.against or nil
end

-- A peer is measured where the floor is.
local function sides_of(row, peer)
  local against = against_of(row)
  local sides = { measured = { command = programs.command(row), what = row } }
  if against then sides.against = { command = programs.command(against), what = against } end
  if peer and row.against == nil then sides.peer = { command = programs.peer(peer, row), what = row } end
  return sides
end

local function measure(row, options)
  local obstacle = programs.obstacle(row)
  if obstacle then return report.skip(row, obstacle) end
  if options.instructions then return instructions.measure(row, against_of(row)) end
  return report.judge(row, run.compare(sides_of(row, options.peer), options.runs))
end

local function main(options)
  local view = options.instructions and instructions or report
  local all = {}
  if options.instructions then instructions.check() end
  programs.build()
  if not options.json then view.print_head() end
  for _, row in ipairs(#options.row > 0 and options.row or rows) do
    for _, result in ipairs(measure(row, options)) do
      all[#all + 1] = result
      if not options.json then view.print(result) end
    end
  end
  if options.json then print(cjson.encode(all)) end
  for _, result in ipairs(all) do
    if result.note == "failed" then programs.fail "a workload failed; what it said stands above" end
  end
end

io.stdout:setvbuf "line"
main(read_options())
