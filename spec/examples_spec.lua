-- Every folder of examples/ is played by its `run`, with the program in SLIPSTREAM_BIN, and is a tutorial.

local function folders()
  local pipe <close> = assert(io.popen "ls -d examples/*/")
  local list = {}
  for folder in pipe:lines() do list[#list + 1] = folder end
  return list
end

local function read_file(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

describe("an example", function()
  for _, folder in ipairs(folders()) do
    it("plays as its expected.txt says: " .. folder, function()
      assert.is_string(os.getenv "SLIPSTREAM_BIN", "SLIPSTREAM_BIN must name the program")
      local pipe = assert(io.popen(folder .. "run"))
      local transcript = pipe:read "a"
      local ok, _, code = pipe:close()
      assert.are.equal(read_file(folder .. "expected.txt"), transcript)
      assert.is_true(ok, "exit code " .. tostring(code))
    end)

    it("has a tutorial, and README.md leads to it: " .. folder, function()
      assert.is_true(#read_file(folder .. "README.md") > 0)
      assert.is_truthy(read_file "README.md":find(("`%s`"):format(folder:sub(1, -2)), 1, true))
    end)
  end
end)
