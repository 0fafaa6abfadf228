-- Ten thousand clients lose their server at once. When they come back they must not come as one: the
-- histogram of their dials over the virtual time.
local log = require "slipstream.log"
local phoenix = require "spec.support.phoenix"
local slipstream = require "slipstream"
local ws = require "spec.support.ws"

local COUNT = 10000
local BUCKET_MSEC = 10
local ANSWER_MSEC = 30 -- how long the server takes for a dial and its upgrade together

describe("ten thousand clients that lose their server", function()
  local host, connected, asked, arrivals

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

  -- All have arrived, and no bucket has more than that share of them.
  local function expect_spread(most_percent)
    local histogram = take_histogram()
    local most = 0
    for _, count in pairs(histogram.counts) do most = math.max(most, count) end
    local text = ("%d arrivals, at most %d in a bucket\n%s"):format(histogram.sum, most, draw(histogram))
    assert(histogram.sum >= COUNT, text)
    assert(most * 100 <= histogram.sum * most_percent, text)
  end

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
    expect_spread(3)
  end)

  it("come spread by their luck alone, when it was away for some seconds", function()
    host:set_max_dials(COUNT)
    lose()
    pass(4000, refuse, 1)
    take_histogram()
    pass(5001)
    expect_spread(3)
  end)

  it("come within the seconds that a server which restarts (1012) is given", function()
    host:set_max_dials(COUNT)
    close_all(1012)
    pass(999)
    assert.equal(0, take_histogram().sum)
    pass(4002)
    expect_spread(1)
  end)

  it("come apart, though all were told the same Retry-After", function()
    host:set_max_dials(COUNT)
    lose()
    pass(10, refuse_for_now, 10)
    take_histogram()
    pass(19999)
    assert.equal(0, take_histogram().sum)
    pass(2002)
    expect_spread(1.5)
  end)
end)
