-- The rows of the table. Each is a workload: a word and NAME=VALUE words, which the floor client, ours and
-- any peer take alike. Of what a run prints a row judges one `figure`: "us", or one that it names.
--
--   client   who is measured: "ours", or "core", the host library without Lua
--   tls      over TLS
--   against  what the figure is divided by, where it is not the floor's for the same workload; false: nothing
--   bar      the ratio, or without `against` the figure, is at most so much
--   least    it is at least so much

local ECHO_64 = "echo connections=1 in_flight=64 count=200000"

return {
  { name = "rtt", run = "echo connections=1 in_flight=1 count=50000", bar = 1.15 },
  { name = "window", run = ECHO_64, bar = 2.0 },
  { name = "fanout", run = "echo connections=1000 in_flight=1 count=100000", bar = 1.3 },
  { name = "ticks", run = "ticks count=200000", bar = 3.0 },
  { name = "storm", run = "storm dials=256 count=5000", bar = 1.4 },
  { name = "churn", run = "churn dials=64 count=5000", bar = 1.3 },
  { name = "large-1", run = "large bytes=1048576 count=50", bar = 2.0 },
  { name = "large-16", run = "large bytes=16777216 count=4", bar = 2.0 },
}
