-- What Prometheus reads, in both formats, and which of them it is given.
local core = require "slipstream.core"
local exposition = require "slipstream.cli.exposition"
local openmetrics = require "spec.support.openmetrics"

describe("the exposition", function()
  local function histogram(...)
    local values = core.histogram()
    for _, usec in ipairs { ... } do values:record(usec) end
    return values
  end

  local families = {
    { name = "app_build", kind = "info", help = "The app.", samples = { { 1, { version = "1" } } } },
    { name = "app_sent", kind = "counter", help = "Sent.", samples = {
      { 3, { to = 'a "b"\\c\nd', from = "x" } }, { 1.5, { to = "e", from = "x" } } } },
    { name = "app_wait_seconds", kind = "histogram", unit = "seconds", help = "Waits.", samples = {
      { { histogram = histogram(900, 1000, 40000, 9000000), usec = 9041900, bounds = { 0.001, 0.1, 1, 5 } },
        { worker = 0 } } } },
    { name = "app_none", kind = "gauge", help = "Nothing.", samples = {} },
  }

  it("is OpenMetrics", function()
    assert.same({ [[
# TYPE app_build info
# HELP app_build The app.
app_build_info{version="1"} 1
# TYPE app_sent counter
# HELP app_sent Sent.
app_sent_total{from="x",to="a \"b\"\\c\nd"} 3
app_sent_total{from="x",to="e"} 1.5
# TYPE app_wait_seconds histogram
# UNIT app_wait_seconds seconds
# HELP app_wait_seconds Waits.
app_wait_seconds_bucket{worker="0",le="0.001"} 2
app_wait_seconds_bucket{worker="0",le="0.1"} 3
app_wait_seconds_bucket{worker="0",le="1.0"} 3
app_wait_seconds_bucket{worker="0",le="5.0"} 3
app_wait_seconds_bucket{worker="0",le="+Inf"} 4
app_wait_seconds_sum{worker="0"} 9.0419
app_wait_seconds_count{worker="0"} 4
# TYPE app_none gauge
# HELP app_none Nothing.
# EOF
]], "application/openmetrics-text; version=1.0.0; charset=utf-8" }, { exposition.write(families, true) })
  end)

  it("is the text format before it", function()
    local text, type = exposition.write(families, false)
    assert.equal("text/plain; version=0.0.4; charset=utf-8", type)
    assert.equal('# TYPE app_build_info gauge\n# HELP app_build_info The app.\n'
      .. 'app_build_info{version="1"} 1\n'
      .. "# TYPE app_sent_total counter\n# HELP app_sent_total Sent.\n", text:match "^(.-\n)app_sent_total{")
    assert.is_nil(text:find("# UNIT", 1, true))
    assert.is_nil(text:find("# EOF", 1, true))
  end)

  it("is what a strict reader of both reads", function()
    for _, is_open in ipairs { true, false } do
      local read = openmetrics.read(exposition.write(families, is_open), is_open)
      assert.equal(3, openmetrics.value(read, "app_sent_total", { to = 'a "b"\\c\nd', from = "x" }))
      assert.equal(4, openmetrics.value(read, "app_wait_seconds_count", { worker = "0" }))
    end
  end)

  for accept, is_open in pairs {
    [""] = false, ["*/*"] = false, ["text/plain"] = false, ["application/openmetrics-text"] = true,
    ["application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"] = true,
    ['application/OpenMetrics-Text; version="1.0.0"; charset=utf-8'] = true,
    ["application/openmetrics-text;version=2.0.0"] = false,
    ["application/openmetrics-text;q=0"] = false,
    ["application/openmetrics-text;q=0.2, text/plain;q=0.5"] = false,
  } do
    it(("answers Accept: %s with %s"):format(accept, is_open and "OpenMetrics" or "the older one"), function()
      assert.equal(is_open, exposition.wants_open(accept))
    end)
  end
end)

describe("the strict reader", function()
  for name, text in pairs {
    ["a sample without its family"] = "a 1\n# EOF\n",
    ["a family twice"] = "# TYPE a gauge\n# HELP a A.\na 1\n# TYPE a gauge\n# HELP a A.\n# EOF\n",
    ["a series twice"] = '# TYPE a gauge\n# HELP a A.\na{b="1"} 1\na{b="1"} 2\n# EOF\n',
    ["a counter without _total"] = "# TYPE a counter\n# HELP a A.\na 1\n# EOF\n",
    ["a family without help"] = "# TYPE a gauge\na 1\n# EOF\n",
    ["a value that is no number"] = "# TYPE a gauge\n# HELP a A.\na nan?\n# EOF\n",
    ["an escape that there is not"] = '# TYPE a gauge\n# HELP a A.\na{b="\\t"} 1\n# EOF\n',
    ["buckets that fall"] = '# TYPE a histogram\n# HELP a A.\na_bucket{le="1.0"} 2\na_bucket{le="+Inf"} 1\n'
      .. "a_sum 1\na_count 1\n# EOF\n",
    ["a histogram whose count is another"] = '# TYPE a histogram\n# HELP a A.\na_bucket{le="+Inf"} 1\n'
      .. "a_sum 1\na_count 2\n# EOF\n",
    ["a unit that the name does not have"] = "# TYPE a gauge\n# UNIT a seconds\n# HELP a A.\na 1\n# EOF\n",
    ["no end"] = "# TYPE a gauge\n# HELP a A.\na 1\n",
  } do
    it("refuses " .. name, function()
      assert.is_false(pcall(openmetrics.read, text, true))
    end)
  end
end)
