-- Self_signed: a certificate for 127.0.0.1 that has signed itself, so that it is its own CA.
local program = require "spec.support.program"

local M = {}

-- Answers { file=, key= }, paths in `folder`; `name` is that of the files.
function M.new(folder, name)
  local path = ("%s/%s"):format(folder, name or "cert")
  local certificate = { file = path .. ".pem", key = path .. ".key.pem" }
  local code, run = program.run({
    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
    "-keyout", certificate.key, "-out", certificate.file,
  }, { path = "openssl" })
  assert(code == 0, run:errors())
  return certificate
end

return M
