-- scripts/bench: reads the arguments, builds, measures the rows that were asked for.

package.path = "spec/bench/?.lua;" .. package.path

local argparse = require "argparse"
local instructions = require "instructions"
local programs = require "programs"
local report = require "report"
local rows = require "rows"
local run = require "run"

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
  parser:option("--peer", "Another client to be measured beside ours."):argname "COMMAND"
  parser:flag("--json", "Print a JSON array of the rows.")
  parser:flag("--instructions", "Count instructions by callgrind instead of time.")
  return parser:parse()
end

local function measure(row, options)
  local sides = { programs.ours(row.run, row.tls), programs.floor(row.run) }
  if options.peer and not row.tls then sides[3] = programs.peer(options.peer, row.run) end
  return report.judge(row, table.unpack(run.compare(sides, options.runs)))
end

local function print_instructions(chosen)
  instructions.print_head()
  for _, row in ipairs(chosen) do instructions.print(row) end
end

local options = read_options()
local chosen = #options.row > 0 and options.row or rows
io.stdout:setvbuf "line"
programs.build()
if options.instructions then return print_instructions(chosen) end
report.print_head()
for _, row in ipairs(chosen) do report.print(measure(row, options)) end
