-- Compare_docs: compares what a script can call with the entries of its pages in docs, both ways, and with
-- the annotations that the reference is made of; prints what is missing where and exits 1 when something is.
-- scripts/check-docs runs it.

package.path = "lua/?.lua;lua/?/init.lua;./?.lua;" .. package.path

local annotation = require "spec.support.annotation"
local api_doc = require "spec.support.api_doc"
local surface = require "spec.support.surface"

local faults = {}

local function complain(text, ...) faults[#faults + 1] = text:format(...) end

local function compare(part, entries)
  if not entries then return complain("%s: no section %s", part.path, part.heading) end
  for name in pairs(part.names) do
    if not entries[name] then complain("%s: section %s lacks %s", part.path, part.heading, name) end
  end
  for name, line in pairs(entries) do
    if not part.names[name] then complain("%s:%d: %s is not in the code", part.path, line, name) end
  end
end

local classes = annotation.classes "lua"

-- A method of a class is told of as one, so that an editor offers it behind a colon.
local function compare_annotations(part)
  if not part.class then return end
  for name in pairs(part.names) do
    if not annotation.find(classes, part.class, name) then
      complain("lua: class %s has no annotation of %s", part.class, name)
    end
  end
end

for _, part in ipairs(surface) do
  compare(part, api_doc.sections(part.path)[part.heading])
  compare_annotations(part)
end

table.sort(faults)
for _, fault in ipairs(faults) do io.stderr:write(fault, "\n") end
os.exit(#faults == 0)
