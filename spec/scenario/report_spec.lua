-- The page that a load run leaves: what is in it, that it needs nothing else, and what a browser makes of it.
local browser = require "spec.support.browser"
local load_summary = require "spec.support.load_summary"
local report = require "slipstream.scenario.report"
local shell = require "spec.support.shell"

local HOSTILE = [[</script><script src="http://evil.invalid/a.js"></script> & <img ]]
  .. [[src='http://evil.invalid/b.png' onerror="document.title = 'taken'">]]

-- Writes it, and has `fn` look at the file.
local function with_file(text, fn)
  local path = os.tmpname()
  local file = assert(io.open(path .. ".html", "w"))
  file:write(text)
  file:close()
  local result = fn(path .. ".html")
  os.remove(path .. ".html")
  os.remove(path)
  return result
end

-- What xmllint finds wrong with it: the page is XML as well, so it cannot be read in two ways.
local function fault_of(text)
  return with_file(text, function(path) return shell.read(("xmllint --noout %s 2>&1"):format(path)) end)
end

local function open(text) return with_file(text, browser.open) end

local function has(text, part) return text:find(part, 1, true) ~= nil end

local function count(text, part)
  local _, found = text:gsub(part:gsub("%p", "%%%0"), "")
  return found
end

describe("the report of a load run", function()
  it("says what became of it, of what, and when", function()
    local page = report.html(load_summary.new())
    for _, part in ipairs {
      '<span class="verdict passed">Passed</span>',
      "wss://[redacted]@chat.example/socket/websocket?[redacted]",
      "2023-11-14 22:13:20 UTC · 2 workers", '<span class="value">30.0 s</span>', "35.3 MiB",
      '<span class="value">1,800</span>', '<span class="more">60.0/s</span>', "70,350 messages",
    } do
      assert.is_true(has(page, part), part)
    end
    assert.is_false(has(page, "secret"))
  end)

  it("has each threshold, with what was measured", function()
    local page = report.html(load_summary.new { hostile = "timeout" })
    for _, part in ipairs {
      '<li class="held"><span class="mark">✓</span>\n<code>reply.p95&lt;50ms</code>',
      '<li class="missed"><span class="mark">✗</span>\n<code>errors&lt;0.01%</code>',
      '<span class="verdict missed">Threshold missed</span>',
    } do
      assert.is_true(has(page, part), part)
    end
  end)

  it("has a row and a distribution for each metric, and charts over time", function()
    local page = report.html(load_summary.new())
    for _, name in ipairs { "join", "reply", "step:log in", "iteration" } do
      assert.equal(1, count(page, ("<td><code title=\"%s\">%s</code>"):format(name, name)), name)
      assert.equal(1, count(page, ('aria-label="latency of %s by percentile"'):format(name)), name)
    end
    for _, title in ipairs {
      "Latency of all verbs", "Iterations per second", "Virtual users", "Failed iterations",
    } do
      assert.equal(1, count(page, ('aria-label="%s"'):format(title)), title)
    end
  end)

  it("tells of errors by kind, with the first story, and where they were", function()
    local page = report.html(load_summary.new { hostile = "timeout" })
    assert.is_true(has(page, "<h3>1 × timeout</h3>\n<pre>timeout\nsecond line</pre>"))
    assert.matches("<td><code title=\"join\">join</code>\n timeout</td>\n<td class=\"number\">1</td>\n"
      .. "<td class=\"number\">0.06 %%</td>", page)
    assert.is_true(has(report.html(load_summary.new()), "There were none."))
  end)

  it("is the same for the same run", function()
    assert.equal(report.html(load_summary.new()), report.html(load_summary.new()))
  end)

  it("needs nothing else", function()
    local page = report.html(load_summary.new { hostile = "timeout" })
    for _, part in ipairs { "http:", "https:", "src=", "href=", "url(", "@import", "fetch(" } do
      assert.is_false(has(page, part), part)
    end
    assert.is_true(has(page, "default-src &#39;none&#39;"))
  end)

  it("is well-formed, whatever was measured", function()
    local runs = { load_summary.new(), load_summary.empty(), load_summary.new { hostile = HOSTILE } }
    runs[4] = load_summary.new { hostile = "\0\27[31m\xff\u{202e}\u{fffe}]]>" }
    for _, summary in ipairs(runs) do assert.equal("", fault_of(report.html(summary))) end
  end)

  it("says so where there is nothing to show", function()
    local page = report.html(load_summary.empty())
    assert.equal(3, count(page, "Nothing was measured."))
    assert.equal(1, count(page, "None were set."))
    assert.equal(0, count(page, "<svg"))
  end)

  it("has texts as texts", function()
    local page = report.html(load_summary.new { hostile = HOSTILE })
    assert.is_false(has(page, "<img"))
    assert.equal(1, count(page, "<script"))
  end)

  local in_browser = browser.is_there and it or pending
  local why = browser.is_there and "" or " (install chromium to see)"

  in_browser("is shown by a browser without complaints and requests" .. why, function()
    local page = open(report.html(load_summary.new { hostile = HOSTILE }))
    assert.equal("", page.console)
    assert.is_false(has(page.network, "evil"))
    assert.equal(1, count(page.dom, "<script"))
    assert.is_true(has(page.dom, "<title>Load run</title>"))
    assert.equal(4, count(page.dom, 'class="cursor"'))
  end)

  in_browser("shows the moment that a pointer is at in all charts over time" .. why, function()
    local point = [[<script>
      var svg = document.querySelector("figure.moments svg"), box = svg.getBoundingClientRect();
      svg.dispatchEvent(new PointerEvent("pointermove", { clientX: box.right - 20 }));
    </script></body>]]
    local page = open((report.html(load_summary.new()):gsub("</body>", function() return point end)))
    assert.equal("", page.console)
    assert.equal(4, count(page.dom, 'class="cursor on"'))
    assert.matches('<p class="words">29 s: p50 [%d.]+ ms, p95 [%d.]+ ms, p99 [%d.]+ ms</p>', page.dom)
    assert.matches('<p class="words">29 s: 60%.0/s</p>', page.dom)
    assert.matches('<p class="words">29 s: 20</p>', page.dom)
    assert.matches('<p class="words">29 s: 0</p>', page.dom)
  end)
end)
