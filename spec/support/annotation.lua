-- Annotation: reads the annotations of our Lua files, `---@class`, `---@field`, `---@param` and the like of
-- lua-language-server, as data. What editors complete and what the reference says comes from them alone.

local types = require "spec.support.annotation_type"

local M = {}

---@class spec.Named
---@field name string
---@field type string
---@field text string

---@class spec.Function
---@field name string
---@field doc string
---@field is_method boolean
---@field arguments string[] as the code names them, without `self`
---@field params spec.Named[]
---@field returns spec.Named[]
---@field origin { class: string, name: string }? what it was set to, where that tells more

---@class spec.Class
---@field name string
---@field doc string
---@field parents string[]
---@field fields table<string, spec.Named>
---@field functions table<string, spec.Function>
---@field rank integer how much its doc is about it alone

-- Comments.

-- What `---@return` says: "true? ok, string? err, string? code nil, and why".
local function read_returns(text)
  local returns = {}
  repeat
    local type, rest = types.take(text)
    local name, mark, behind = rest:match "^([%w_.]*)(,?)%s*(.*)$"
    returns[#returns + 1] = { name = name, type = type, text = mark == "" and behind or "" }
    text = behind
  until mark == ""
  return returns
end

-- The lines of a comment: what it says, and its tags, each with its text.
local function read_comment(lines)
  local doc, tags = {}, {}
  for _, line in ipairs(lines) do
    local tag, text = line:match "^%-%-%-@(%l+)%s*(.*)$"
    if tag then
      tags[#tags + 1] = { name = tag, text = text }
    elseif #tags > 0 then
      tags[#tags].text = tags[#tags].text .. " " .. line:match "^%-+%s?(.*)$"
    else
      doc[#doc + 1] = line:match "^%-+%s?(.*)$"
    end
  end
  return table.concat(doc, "\n"), tags
end

local function new_class(name)
  return { name = name, doc = "", rank = 0, parents = {}, fields = {}, functions = {} }
end

-- What stands above a class tells the most of it, then what begins the file of its name.
local function describe(class, doc, rank)
  if doc and doc ~= "" and rank > class.rank then class.doc, class.rank = doc, rank end
end

local function class_of(classes, name)
  classes[name] = classes[name] or new_class(name)
  return classes[name]
end

local function add(class, kind, entry)
  class[kind][entry.name] = entry
end

local function add_field(class, text)
  local name, rest = text:match "^([%w_]+)%??%s+(.+)$"
  if name == "private" then return end
  if rest:find "^fun%(" then
    local params, returns, doc = types.read_signature(rest)
    local is_method = params[1] ~= nil and params[1].name == "self"
    if is_method then table.remove(params, 1) end
    return add(class, "functions", { name = name, doc = doc, is_method = is_method, params = params,
      returns = returns })
  end
  local type, doc = types.take(rest)
  add(class, "fields", { name = name, type = type, text = doc })
end

-- The function below a comment, from its first line: `function M.name(a, b)`.
local function add_function(class, mark, name, arguments, comment, tags)
  local entry = { name = name, doc = comment, is_method = mark == ":", params = {}, returns = {},
    arguments = types.split(arguments) }
  for _, tag in ipairs(tags) do
    if tag.name == "param" then
      local param, rest = tag.text:match "^([%w_.]+)%??%s+(.+)$"
      local type, text = types.take(rest)
      table.insert(entry.params, { name = param, type = type, text = text })
    elseif tag.name == "return" then
      table.move(read_returns(tag.text), 1, #read_returns(tag.text), #entry.returns + 1, entry.returns)
    end
  end
  add(class, "functions", entry)
end

-- What is set below a comment, `M.name = …`: a function when its type says so.
local function add_value(class, name, comment, tags, origin)
  local type = "any"
  for _, tag in ipairs(tags) do type = tag.name == "type" and tag.text or type end
  if type:find "^fun%(" then
    add_field(class, name .. " " .. type)
    class.functions[name].doc, class.functions[name].origin = comment, origin
  else
    add(class, "fields", { name = name, type = types.take(type), text = comment })
  end
end

-- Files.

-- Reads what a comment stands above, of a file whose variables lead to `owners`.
local function read_block(classes, owners, lines, code)
  local comment, tags = read_comment(lines)
  local class
  for _, tag in ipairs(tags) do
    if tag.name == "class" then
      local name, parents = tag.text:match "^([%w_.]+)%s*:?%s*([%w_., ]*)"
      class = class_of(classes, name)
      for parent in parents:gmatch "[%w_.]+" do table.insert(class.parents, parent) end
      local variable = code:match "^local (%w+) ="
      if variable then owners[variable] = class end
      describe(class, comment, 3)
      if variable then describe(class, rawget(owners, "doc"), owners.module == name:lower() and 2 or 1) end
    elseif tag.name == "field" and class then
      add_field(class, tag.text)
    elseif tag.name == "alias" then
      classes[tag.text:match "^[%w_.]+"] = new_class(tag.text:match "^[%w_.]+")
    end
  end
  local variable, mark, name, arguments = code:match "^function (%w+)([.:])([%w_]+)(%b())"
  if owners[variable] then
    return add_function(owners[variable], mark, name, arguments:sub(2, -2), comment, tags)
  end
  local from, of
  variable, name, from, of = code:match "^(%w+)%.([%w_]+) = ([%w_]*)%.?([%w_]*)"
  if not owners[variable] then return end
  local origin = owners.required[from] and { class = owners.required[from], name = of }
  add_value(owners[variable], name, comment, tags, origin)
end

local function module_of(path)
  return (path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", "."))
end

-- A module's table is a class of its own name, if the file does not say another.
local function owners_of(classes, path)
  local module = module_of(path)
  return setmetatable({ module = module, required = {} }, { __index = function(self, variable)
    if variable ~= "M" then return nil end
    self.M = class_of(classes, module)
    describe(self.M, rawget(self, "doc"), 2)
    return self.M
  end })
end

--- Adds what a file tells of its classes.
---@param classes table<string, spec.Class>
---@param path string
function M.read(classes, path)
  local owners, block = owners_of(classes, path), {}
  for line in io.lines(path) do
    if line:find "^%-%-%-" or (#block > 0 and line:find "^%-%-") then
      block[#block + 1] = line
    elseif #block > 0 then
      if line == "" and not rawget(owners, "doc") then owners.doc = read_comment(block) end
      read_block(classes, owners, block, line)
      block = {}
    end
    local variable, module = line:match '^local ([%w_]+) = require "([%w_.]+)"'
    if variable then owners.required[variable] = module end
  end
end

-- What was set to a function of another file is told of there.
local function follow(classes)
  for _, class in pairs(classes) do
    for _, entry in pairs(class.functions) do
      local origin = entry.origin and classes[entry.origin.class]
      local own = origin and origin.functions[entry.origin.name]
      if own then entry.doc, entry.params, entry.returns = own.doc, own.params, own.returns end
    end
  end
end

--- All that the Lua files of a folder tell: classes by their names.
---@param folder string
---@return table<string, spec.Class>
function M.classes(folder)
  local classes = {}
  local files <close> = assert(io.popen(("find %s -name '*.lua' | LC_ALL=C sort"):format(folder)))
  for path in files:lines() do M.read(classes, path) end
  follow(classes)
  return classes
end

--- A field or a function of a class, or of what it inherits from.
---@param classes table<string, spec.Class>
---@param class string
---@param name string
---@return (spec.Named|spec.Function)? entry
---@return "fields"|"functions"|nil kind
function M.find(classes, class, name)
  local found = classes[class]
  if not found then return nil end
  for _, kind in ipairs { "functions", "fields" } do
    if found[kind][name] then return found[kind][name], kind end
  end
  for _, parent in ipairs(found.parents) do
    local entry, kind = M.find(classes, parent, name)
    if entry then return entry, kind end
  end
end

return M
