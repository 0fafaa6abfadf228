-- Ten thousand clients of one program, then two thousand programs with one client each, lose their server
-- at once. When they come back they must not come as one: the histogram of their dials over the virtual
-- time.
local core = require "slipstream.core"
local log = require "slipstream.log"
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"
local ws = require "spec.support.ws"

local COUNT = 10000
local PROGRAMS = 2000
local BUCKET_MSEC = 10
local ANSWER_MSEC = 30 -- how long the server takes for a dial and its upgrade together

local arrivals -- counts by virtual msec

-- What arrived since the last look, as counts of buckets.
local function take_histogram()
  local counts, first, last, sum = {}, math.huge, 0, 0
  for time, count in pairs(arrivals) do
    local bucket = time // BUCKET_MSEC
    counts[bucket] = (counts[bucket] or 0) + count
    first, last, sum = math.min(first, bucket), math.max(last, bucket), sum + count
  end
  arrivals = {}
  return { counts = counts, first = first, last = last, sum = sum }
end

-- For people, fifty lines at most.
local function draw(histogram)
  local lines = {}
  for bucket = histogram.first, math.min(histogram.last, histogram.first + 49) do
    local count = histogram.counts[bucket] or 0
    lines[#lines + 1] = ("%6d msec %5d %s"):format(bucket * BUCKET_MSEC, count, ("#"):rep(count // 10))
  end
  return table.concat(lines, "\n")
end

-- So many have arrived, and no bucket has more than that share of them.
local function expect_spread(count, most_percent)
  local histogram = take_histogram()
  local most = 0
  for _, each in pairs(histogram.counts) do most = math.max(most, each) end
  local text = ("%d arrivals, at most %d in a bucket\n%s"):format(histogram.sum, most, draw(histogram))
  assert(histogram.sum >= count, text)
  assert(most * 100 <= histogram.sum * most_percent, text)
end

describe("ten thousand clients that lose their server", function()
  local host, connected, asked

  local Client = slipstream.client { restart = "temporary" }
  function Client:init() assert(self:connect { uri = "ws://phoenix.test/socket/websocket" }) end

  -- The server's side.

  local function upgrade(peers)
    for _, peer in ipairs(peers) do peer:accept() end
    host:advance(0)
    for _, peer in ipairs(peers) do
      local head = ws.read_head(peer:take())
      assert(peer:send(ws.response(head.headers["sec-websocket-key"])))
      connected[#connected + 1] = peer
    end
    host:advance(0)
  end

  local function refuse(peers)
    for _, peer in ipairs(peers) do peer:finish("tcp", "connection refused") end
    host:advance(0)
  end

  local function refuse_for_now(peers)
    for _, peer in ipairs(peers) do peer:accept() end
    for _, peer in ipairs(peers) do
      assert(peer:send "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 20\r\nContent-Length: 0\r\n\r\n")
    end
    host:advance(0)
  end

  local function take_dials()
    local peers = {}
    for peer in function() return host:peer() end do peers[#peers + 1] = peer end
    return peers
  end

  -- Lets time pass while each dial is answered by `answer` after so long, the last ones at the end; none
  -- without one.
  local function pass(msec, answer, answer_msec)
    for _ = 1, msec do
      host:advance(1)
      local peers = take_dials()
      arrivals[host:now()] = #peers > 0 and #peers or nil
      asked[#asked + 1] = peers
      if answer and #asked > answer_msec then answer(table.remove(asked, 1)) end
    end
    while answer and #asked > 0 do answer(table.remove(asked, 1)) end
  end

  before_each(function()
    log.set_level "error"
    host = phoenix.pretend()
    connected, asked, arrivals = {}, {}, {}
    for _ = 1, COUNT do slipstream.start(Client, nil, { host = host }) end
    host:set_max_dials(COUNT)
    host:advance(0)
    upgrade(take_dials())
    assert.equal(COUNT, #connected)
    host:set_max_dials(256)
    host:advance(5000) -- the connection is stable
  end)

  after_each(function()
    phoenix.close(host)
    log.set_level "info"
  end)

  local function lose()
    local lost = connected
    connected = {}
    for _, peer in ipairs(lost) do peer:finish() end
    host:advance(0)
  end

  local function close_all(code)
    local frame = ws.frame { opcode = "close", payload = ws.close_payload(code) }
    for _, peer in ipairs(connected) do assert(peer:send(frame)) end
    connected = {}
    host:advance(0)
  end

  it("are back one after the other, when it is there again at once", function()
    lose()
    pass(2000, upgrade, ANSWER_MSEC)
    assert.equal(COUNT, #connected)
    expect_spread(COUNT, 3)
  end)

  it("come spread by their luck alone, when it was away for some seconds", function()
    host:set_max_dials(COUNT)
    lose()
    pass(4000, refuse, 1)
    take_histogram()
    pass(5001)
    expect_spread(COUNT, 3)
  end)

  it("come within the seconds that a server which restarts (1012) is given", function()
    host:set_max_dials(COUNT)
    close_all(1012)
    pass(999)
    assert.equal(0, take_histogram().sum)
    pass(4002)
    expect_spread(COUNT, 1)
  end)

  it("come apart, though all were told the same Retry-After", function()
    host:set_max_dials(COUNT)
    lose()
    pass(105, refuse_for_now, 105) -- all at once, when the last has come
    take_histogram()
    pass(19999)
    assert.equal(0, take_histogram().sum)
    pass(2002)
    expect_spread(COUNT, 1.5)
  end)
end)

describe("two thousand programs of one client each that lose their server", function()
  local Client = slipstream.client { restart = "temporary" }
  function Client:init() assert(self:connect { uri = "ws://phoenix.test/socket/websocket" }) end

  local hosts

  -- A program whose client has been connected for long; its own luck is all that it has.
  local function start_program(seed)
    local host = assert(core.pretend(seed))
    slipstream.start(Client, nil, { host = host })
    host:advance(0)
    local peer = host:peer()
    peer:accept()
    host:advance(0)
    assert(peer:send(ws.response(ws.read_head(peer:take()).headers["sec-websocket-key"])))
    host:advance(5000)
    return host, peer
  end

  before_each(function()
    log.set_level "error"
    hosts, arrivals = {}, {}
    local luck = 1
    for _ = 1, PROGRAMS do
      luck = luck * 48271 % 2147483647
      local host, peer = start_program(luck)
      hosts[host] = true
      peer:finish()
    end
  end)

  after_each(function()
    for host in pairs(hosts) do phoenix.close(host) end
    log.set_level "info"
  end)

  it("come back within a tenth of a second, but not within the few msec of the first step", function()
    local missing = PROGRAMS
    for time = 1, 105 do
      for host in pairs(hosts) do
        host:advance(1)
        if host:peer() then arrivals[time] = (arrivals[time] or 0) + 1 end
      end
      missing = missing - (arrivals[time] or 0)
    end
    assert.equal(0, missing)
    expect_spread(PROGRAMS, 13)
  end)
end)
