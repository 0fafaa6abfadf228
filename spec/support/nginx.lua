-- Nginx: the real one, as it stands before a Phoenix: TLS towards the clients, plain WebSocket behind it.
local daemon = require "spec.support.daemon"
local loop = require "spec.support.loop"
local program = require "spec.support.program"
local self_signed = require "spec.support.self_signed"

local M = {}

local Nginx = {}
Nginx.__index = Nginx

local PATH = "/usr/sbin/nginx" -- Debian's; not on every user's PATH
local READY = "start worker process " -- after it has bound its port
local PATIENCE = 10000 -- msec; the machine may be busy

-- What nginx's documentation says of WebSocket; all that it writes is in the folder.
local CONFIG = [[
daemon off;
error_log stderr info;
pid nginx.pid;
worker_processes 1;
worker_shutdown_timeout %s;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {
    listen 127.0.0.1:%d ssl;
    ssl_certificate %s;
    ssl_certificate_key %s;
    location / {
      proxy_pass http://127.0.0.1:%d;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_read_timeout %s;
    }
  }
}
]]

local function write_config(self, port)
  local certificate = self.certificate
  return program.file "nginx.conf" (CONFIG:format(self.options.worker_shutdown_timeout or "1m", port,
    certificate.file, certificate.key, self.upstream_port, self.options.proxy_read_timeout or "1m"))
end

local function arguments_for(self, port)
  return { "-e", "stderr", "-p", program.folder(), "-c", write_config(self, port) }
end

-- Starts it before a server's port, with a certificate for 127.0.0.1 that has signed itself; `options` are
-- settings of nginx's by their names. `program.clean_up` would leave its worker behind: `stop` comes first.
function M.start(upstream_port, options)
  local self = setmetatable({ upstream_port = upstream_port, options = options or {} }, Nginx)
  self.certificate = self_signed.new(program.folder())
  local function arguments_on(port) return arguments_for(self, port) end
  self.run, self.port = daemon.start_on_free_port(PATH, arguments_on, READY)
  return self
end

-- Again, on the same port.
function Nginx:restart()
  self.run = daemon.start(PATH, arguments_for(self, self.port), READY)
  assert(not self.run.code, self.run:errors())
end

-- What a client's config has for it.
function Nginx:uri() return ("wss://127.0.0.1:%d/socket/websocket"):format(self.port) end

function Nginx:tls() return { ca_file = self.certificate.file } end

-- Waits until its log, which goes to stderr, has this text.
function Nginx:read_log(text) return self.run:read_error(text) end

-- A new worker takes what comes from now on; the old one keeps what it has, worker_shutdown_timeout at most.
function Nginx:reload()
  self.run:signal "sighup"
  self:read_log "gracefully shutting down"
end

-- Nobody new is let in; it ends with its last connection, or after worker_shutdown_timeout.
function Nginx:quit()
  self.run:signal "sigquit"
  self:read_log "gracefully shutting down"
end

function Nginx:exit() return self.run:exit() end

-- At once.
function Nginx:stop()
  if not self.run.code then self.run:signal "sigterm" end
  assert(loop.wait(function() return self.run.code end, PATIENCE), "nginx does not end")
end

return M
