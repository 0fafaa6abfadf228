-- The reference and what editors complete are made of the same annotations, so these have to be true.
local annotation = require "spec.support.annotation"
local foreign_names = require "spec.support.foreign_names"
local surface = require "spec.support.surface"

local classes = annotation.classes "lua"

-- The parts of the surface that are functions and fields of classes.
local function each_part(visit)
  for _, part in ipairs(surface) do
    if part.class then visit(part) end
  end
end

local function each_function(visit)
  for name, class in pairs(classes) do
    for _, entry in pairs(class.functions) do visit(("%s of %s"):format(entry.name, name), entry) end
  end
end

describe("an annotation", function()
  it("names types that there are", function()
    local known = { ["slipstream.test"] = true }
    local files <close> = io.popen "grep -rhoE -e '---@(param|return|field|type|class|alias|overload).*' lua"
    for line in files:lines() do
      for type in line:gmatch "%f[%w]slipstream%.[%u][%w.]*" do
        local name = type:gsub("%.$", "")
        known[name] = known[name] or classes[name] ~= nil
        assert.is_true(known[name], line)
      end
    end
  end)

  it("has the arguments of its function, in their order", function()
    each_function(function(what, entry)
      local params = {}
      for place, param in ipairs(entry.params) do params[place] = param.name end
      if entry.arguments and #params < #entry.arguments then params[#params + 1] = "..." end
      if entry.arguments and #entry.params > 0 then assert.same(entry.arguments, params, what) end
    end)
  end)

  it("says of all that a script can call what it does, takes and is", function()
    each_part(function(part)
      for name in pairs(part.names) do
        local entry, kind = annotation.find(classes, part.class, name)
        local what = ("%s of %s"):format(name, part.class)
        assert.truthy((kind == "fields" and entry.text or entry.doc):find "%S", what)
        if entry.arguments then assert.equal(#entry.arguments, #entry.params, what) end
      end
    end)
  end)

  it("offers nothing that is not there", function()
    local live = {}
    each_part(function(part)
      live[part.class] = live[part.class] or {}
      for name in pairs(part.subject) do live[part.class][name] = true end
    end)
    for name, names in pairs(live) do
      for _, entry in pairs(classes[name].functions) do
        assert.truthy(entry.arguments or names[entry.name], ("%s of %s"):format(entry.name, name))
      end
    end
  end)
end)

describe("an editor", function()
  it("knows the self of a callback: a module is a socket, with its callbacks", function()
    local made = classes.slipstream.functions.client.returns[1].type
    assert.equal("slipstream.Default", made)
    for _, part in ipairs(surface) do
      if part.class == "slipstream.Socket" or part.class == "slipstream.Default" then
        for name in pairs(part.names) do
          local entry = annotation.find(classes, made, name)
          assert.is_true(entry.is_method, name)
        end
      end
    end
  end)

  it("knows what start, connect and self:client() answer", function()
    local functions = classes.slipstream.functions
    assert.equal("slipstream.Client?", functions.start.returns[1].type)
    assert.equal("slipstream.Socket?", functions.connect.returns[1].type)
    assert.equal("slipstream.Client", classes["slipstream.Socket"].functions.client.returns[1].type)
  end)
end)

-- The names that stand in the first columns of a page's tables, in code: of "`push/4`" and "`isJoined()`"
-- push and isJoined.
local function names_of_rows(path)
  local names = {}
  for line in io.lines(path) do
    local cell = line:match "^| (.-) |"
    for code in (cell or ""):gmatch "`([^`]+)`" do
      for name in code:gmatch "[%a_][%w_]*[!?]?" do names[name] = true end
    end
  end
  return names
end

-- All that a script can call or set, by its last name; and modules.
local function all_names()
  local names = { assigns = true, server = true, test = true, faults = true, scenario = true }
  for _, part in ipairs(surface) do
    for name in pairs(part.names) do names[name] = true end
  end
  return names
end

for path, list in pairs(foreign_names) do
  describe(path, function()
    it("has each name of the other library", function()
      local names = names_of_rows(path)
      for name in list:gmatch "%S+" do assert.is_true(names[name], name) end
    end)

    it("names only what there is here", function()
      local page <close> = assert(io.open(path))
      local names = all_names()
      for kind, name in page:read("a"):gmatch "`([%a]+)[.:]([%l_]+)[%s(`]" do
        local is_ours = kind == "self" or kind == "slipstream" or kind == "test" and names.accept_connect
        assert.is_true(not is_ours or names[name], name)
      end
    end)
  end)
end

describe("the reference", function()
  local folder, pages

  setup(function()
    folder, pages = os.tmpname(), {} -- a file, in whose place a folder comes
    os.remove(folder)
    assert(os.execute(("scripts/docs %s >%s.log 2>&1"):format(folder, folder)), folder .. ".log")
    local files <close> = io.popen(("find %s -name 'slipstream*.html'"):format(folder))
    for path in files:lines() do
      local file <close> = assert(io.open(path))
      pages[path:match "([%w.]+)%.html$"] = file:read "a"
    end
  end)

  teardown(function() os.execute(("rm -r %s %s.log"):format(folder, folder)) end)

  it("has each function and field that a script can call", function()
    each_part(function(part)
      for name in pairs(part.names) do
        local entry, kind = annotation.find(classes, part.class, name)
        local mark = kind == "functions" and ('<a name = "%s%s"></a>'):format(
          entry.is_method and part.class .. ":" or "", name) or (">%s</span>"):format(name)
        local where = ("%s of %s"):format(name, part.class)
        assert.truthy(pages[part.class]:find(mark, 1, true), where)
      end
    end)
  end)

  it("has nothing of what our files have for one another", function()
    local wanted = {}
    each_part(function(part) wanted[part.class] = true end)
    for name, text in pairs(pages) do
      assert.is_true(wanted[name], name)
      assert.falsy(text:find '[":.]_%w', name)
    end
  end)
end)
