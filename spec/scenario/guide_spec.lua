-- The guide: its scenarios pass against the app that `slipstream serve` serves, and its story is one.
local api_doc = require "spec.support.api_doc"
local module_folder = require "spec.support.module_folder"
local scenario_file = require "slipstream.scenario.case.file"
local stage = require "spec.support.stage"

local PAGE <const> = "docs/scenarios.md"

local OWN <const> = "spec/scenario/guide_spec.lua"

local function documented() return api_doc.parts(PAGE, "lua", OWN) end

-- The failure that the page shows.
local function shown_story() return api_doc.parts(PAGE, "text", OWN)[1] end

-- Without what is otherwise each time.
local function bare(story)
  return (story:gsub("%d+ msec  ", "N msec  "):gsub("in the [%d.]+ m?se?c? since", "in the N since")
    :gsub("within %d+ msec", "within N msec"))
end

describe("the guide of scenarios", function()
  local it_plays, files

  before_each(function() it_plays, files = stage.open(), module_folder.open() end)
  after_each(function()
    files:close()
    assert.is_true(it_plays:close())
  end)

  local function cases_of(text)
    files:write("guide", text)
    return assert(scenario_file.load { files:file "guide" })
  end

  it("has scenarios that pass", function()
    local parts = documented()
    local cases = cases_of(table.concat(parts, "\n"))
    assert.equal(#parts, #cases)
    for _, case in ipairs(cases) do it_plays:passes(case.fn, case) end
  end)

  it("has the story of one that fails", function()
    local text = documented()[1]:gsub('body = "hi" }%)\n  t.same.*$',
      'body = "ho" })\n  bob:await_message("room:lobby", "shout", { body = "hi" }, 20)\nend)')
    local case = cases_of(text)[1]
    local what, story = it_plays:failure(case.fn, case)
    assert.equal(bare(shown_story()), bare(what:gsub(", 20%)", ")") .. "\n  " .. story:gsub("\n", "\n  ")))
  end)
end)
