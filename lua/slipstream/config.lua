--- The configuration that `connect` takes: what a socket keeps of it, and what to dial.

local alike = require "slipstream.alike"
local base64 = require "slipstream.base64"
local copy = require("slipstream.copy").copy
local core = require "slipstream.core"
local keys = require "slipstream.keys"
local log = require "slipstream.log"
local proxies = require "slipstream.proxy"
local query = require "slipstream.query"
local serializers = require "slipstream.serializer"
local setting = require "slipstream.setting"
local uv = require "luv"

local check, read_uri = setting.check, setting.read_uri

---@class slipstream.Message
---@field join_ref string?
---@field ref string?
---@field topic string
---@field event string
---@field payload any of a "phx_reply" { status, response }

---@class slipstream.Serializer
---@field encode fun(message: slipstream.Message): string, boolean? the bytes, and whether they are binary
---@field decode fun(bytes: string, is_binary: boolean): slipstream.Message

---@class slipstream.Config
---@field uri string ws://, wss:// or ws+unix:///path:/resource; `vsn` is added to its query when missing
---@field params (table|fun(): table)? put into the query, nested ones as a[b]=c
---@field headers (table<string, string>|string[][])? a list of {name, value}, or a map
---@field auth_token string? sent as phoenix.js does, as a subprotocol
---@field local_address (string|string[])? the IP address to come from; those of a list take turns
---@field proxy string|false? http://[user:password@]host:port; false: none; what the environment says
---@field heartbeat_interval_msec integer? 30000; 0: no heartbeat
---@field heartbeat_timeout_msec integer? 15000
---@field connect_timeout_msec integer? 15000
---@field join_timeout_msec integer? 10000
---@field push_timeout_msec integer? 10000
---@field write_timeout_msec integer? 15000
---@field reconnect_after_msec integer[]? the last repeats
---@field rejoin_after_msec integer[]? the last repeats, for each topic
---@field jitter number? 0.5; the share of each wait that is random
---@field stable_after_msec integer? 5000
---@field rejoin_on_reconnect boolean? true
---@field max_message_bytes integer? 16 MiB
---@field max_queue_bytes integer? 8 MiB
---@field max_buffered_pushes integer? 1000
---@field compress (boolean|table)? false; permessage-deflate, or its terms, with `level` and `threshold`
---@field vsn string? "2.0.0" or "1.0.0"
---@field json table? with `encode` and `decode`, such as cjson
---@field test_mode boolean? true: never the network, only the test kit
---@field serializer slipstream.Serializer? another format than those of Phoenix
---@field tls slipstream.TlsOptions? for wss://

---@class slipstream.TlsOptions
---@field ca_file string? certificates (PEM) of the authorities to trust; those of the system when absent
---@field cert_file string? the client's own certificate (PEM)
---@field key_file string? and its key (PEM), without a passphrase; `cert_file` when absent
---@field server_name string? the name to ask for and to check; the host of the URI when absent
---@field verify boolean? true; false trusts anybody
---@field resume boolean? true; false makes each handshake a full one
---@field min_version string? "1.2" or "1.3"

local M = {}

-- TLS settings are heavy (all the CAs of the system), so clients that want the same share them.
local tls_cache = setmetatable({}, { __mode = "v" })

local tls_files = { ca_file = true, cert_file = true, key_file = true }

-- Certificates expire, and are renewed under the same name.
local function stamp_of(path)
  local stat = uv.fs_stat(path)
  return stat and ("%d.%09d %d %d"):format(stat.mtime.sec, stat.mtime.nsec, stat.size, stat.ino) or ""
end

local function tls_name(settings)
  local parts = {}
  for _, key in ipairs(keys.sorted(settings)) do
    local value = tostring(settings[key])
    parts[#parts + 1] = ("%s=%s %s"):format(key, value, tls_files[key] and stamp_of(value) or "")
  end
  return table.concat(parts, "\n")
end

local function tls_of(settings)
  local name = tls_name(settings)
  if tls_cache[name] then return tls_cache[name] end
  local made, text = core.tls(settings)
  if not made then return nil, "tls: " .. text end
  tls_cache[name] = made
  return made
end

-- Kept with the settings: what has the same made settings shares the sessions that can be resumed. Also, a
-- file that is just being renewed, or was for the start only, is no reason not to connect.
local function made_tls(settings)
  local made, fault = tls_of(settings.tls or {})
  if not made and settings.made_tls then log.warn("the TLS files before are used", { reason = fault }) end
  settings.made_tls = made or settings.made_tls
  return settings.made_tls, fault
end

-- All clients with the same list take turns with its addresses, so that they spread over them.
local turns = setmetatable({}, { __mode = "v" })

local function turn_of(given)
  local list = type(given) == "table" and given or { given }
  local name = table.concat(list, " ")
  turns[name] = turns[name] or { count = 0, table.unpack(list) }
  return turns[name]
end

local function take_turn(turn)
  turn.count = turn.count + 1
  return turn[(turn.count - 1) % #turn + 1]
end

-- The vsn that the URI asks for must be the one that is spoken. `settings`, or a config, has `vsn` and
-- `serializer`.
local function vsn_of(text, settings)
  local said, wanted = assert(read_uri(text)).vsn, settings.vsn
  local fault_of = settings.serializer and setting.core.vsn or setting.phoenix_vsn
  if wanted and fault_of(wanted) then return nil, "vsn: " .. fault_of(wanted) end
  if not said then return wanted or "2.0.0", false end
  if fault_of(said) then return nil, "uri: vsn " .. fault_of(said) end
  if wanted and wanted ~= said then
    return nil, ("uri: it says vsn=%s, but vsn is %s"):format(said, wanted)
  end
  return said, true
end

---@class slipstream.Settings what a socket keeps of its config
---@field uri string
---@field vsn string
---@field params any
---@field headers string[][]?
---@field auth_token string?
---@field tls table?
---@field made_tls userdata? what `tls` says, made
---@field elsewhere slipstream.Settings? those of them that are for any server, see slipstream.redirect
---@field local_turn table? the addresses of local_address, shared with others
---@field json table?
---@field serializer table?
---@field proxy string|false?

-- Whether there is a way to dial it; what the environment says may be otherwise each time.
local function try(settings)
  local dial, fault = M.dial(settings, nil, true)
  if not dial then return nil, fault end
  return settings
end

local function read(given)
  local fault = check(given, setting.all)
  if fault then return nil, fault end
  if given.uri == nil then return nil, "uri: needed" end
  local vsn, text = vsn_of(given.uri, given)
  if not vsn then return nil, text end
  local settings = { uri = given.uri, vsn = vsn }
  for _, key in ipairs { "params", "headers", "auth_token", "json", "serializer", "tls", "proxy" } do
    if given[key] ~= nil then settings[key] = given[key] end
  end
  if settings.tls then settings.tls = copy(settings.tls) end -- others may have the same settings
  if given.local_address then settings.local_turn = turn_of(given.local_address) end
  return try(settings)
end

local function numbers_of(given, vsn)
  local numbers = {
    decode = given.json and given.json.decode,
    serializer = given.serializer and serializers.for_core(given.serializer),
  }
  for key, value in pairs(given) do
    if setting.core[key] then numbers[key] = value end
  end
  numbers.vsn = vsn
  return numbers
end

--- Checks a config. Answers what to keep of it and what `host:client` takes, or nil and
-- "key: what is wrong".
---@param given slipstream.Config
---@return slipstream.Settings? settings, table|string core_or_err
function M.read(given)
  if type(given) ~= "table" then return nil, "config: " .. setting.expected("table", given) end
  local former, kept = alike.find(given)
  if former and kept.is_settled then return former, kept.numbers end
  local settings, fault
  if former and kept.is_fixed then settings, fault = try(former) else settings, fault = read(given) end
  if not settings then return nil, fault end
  if former then return former, kept.numbers end
  local numbers = numbers_of(given, settings.vsn)
  alike.keep(given, settings, numbers)
  return settings, numbers
end

local function params_text(params)
  if type(params) == "function" then params = params() end
  if params == nil then return "" end
  if type(params) ~= "table" then return nil, "params: the function returned a " .. type(params) end
  local text, fault = query.encode(params)
  if not text then return nil, "params: " .. fault end
  return text
end

local function want(settings, overrides, key)
  if overrides and overrides[key] ~= nil then return overrides[key] end
  return settings[key]
end

local function with_vsn(text, vsn)
  local parts = read_uri(text)
  parts[vsn] = parts[vsn] or query.append(text, "vsn=" .. vsn)
  return parts[vsn]
end

-- The URI with vsn and params in its query.
local function whole_uri(text, settings, params)
  local said, has_vsn = vsn_of(text, settings)
  if not said then return nil, has_vsn end
  local more, fault = params_text(params)
  if not more then return nil, fault end
  local whole = query.append(has_vsn and text or with_vsn(text, said), more)
  local parts
  parts, fault = read_uri(whole)
  if not parts then return nil, "uri: with its params it " .. fault end
  return whole, parts
end

-- Nothing when there is none to go through; nil and the fault.
local function proxy_of(settings, parts)
  if settings.proxy == false then return nil end
  if not settings.proxy then return proxies.of_environment(parts, os.getenv) end
  if parts.unix_path then return nil, "a unix socket has none" end
  return proxies.read(settings.proxy)
end

--- Adds to a dial how its URI is reached: the proxy, and TLS. nil and "key: what is wrong" when it is not.
---@param settings slipstream.Settings
---@param dial table
---@param parts table of the URI, as core.uri_read answers them
---@return table? dial, string? err
function M.reach(settings, dial, parts)
  local fault
  dial.proxy, fault = proxy_of(settings, parts)
  if fault then return nil, "proxy: " .. fault end
  if parts.secure then
    dial.tls, fault = made_tls(settings)
    if not dial.tls then return nil, fault end
  end
  return dial
end

-- All but how its URI is reached, and the parts of that.
local function plan(settings, overrides, is_trial)
  local params = want(settings, overrides, "params")
  if is_trial and type(params) == "function" then params = nil end
  local whole, parts = whole_uri(want(settings, overrides, "uri"), settings, params)
  if not whole then return nil, parts end
  if parts.unix_path and settings.local_turn then return nil, "local_address: a unix socket has none" end
  local headers_wanted = want(settings, overrides, "headers")
  local dial = { uri = whole, headers = headers_wanted and setting.header_list(headers_wanted) }
  if settings.local_turn and not is_trial then dial.local_address = take_turn(settings.local_turn) end
  local secret = want(settings, overrides, "auth_token")
  if secret then dial.protocols = "phoenix, base64url.bearer.phx." .. base64.encode(secret) end
  return dial, parts
end

-- Whether neither the environment nor files, which may change, say how it is reached.
local function is_settled(settings, parts)
  return not parts.secure and (settings.proxy ~= nil or proxies.is_needless(parts))
end

-- What all attempts dial.
local function keep(kept, settings, dial, parts)
  kept.dial, kept.parts, kept.is_settled = dial, parts, is_settled(settings, parts)
  if kept.is_settled then dial.made = core.dial(dial) end
end

--- Makes what `client:dial` takes, or nil and "key: what is wrong". Errors of a params function are
-- raised.
---@param settings slipstream.Settings
---@param overrides table? what connect_params returned: uri, params, headers, auth_token
---@param is_trial boolean? leaves a params function alone
---@return table? dial, string? err
function M.dial(settings, overrides, is_trial)
  local fault = overrides and check(overrides, setting.dial)
  if fault then return nil, "connect_params: " .. fault end
  local kept = not overrides and alike.of(settings)
  if kept and kept.is_settled then return kept.dial end
  if kept and kept.dial then return M.reach(settings, kept.dial, kept.parts) end
  local dial, parts = plan(settings, overrides, is_trial)
  if not dial then return nil, parts end
  dial, fault = M.reach(settings, dial, parts)
  if dial and kept and kept.is_constant then keep(kept, settings, dial, parts) end
  return dial, fault
end

return M
