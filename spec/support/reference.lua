-- Reference: writes what the annotations tell of all that a script can call as comments of LDoc's, a file a
-- class. scripts/docs runs it, with the folder to write to, and LDoc.

package.path = "lua/?.lua;lua/?/init.lua;./?.lua;" .. package.path

local annotation = require "spec.support.annotation"
local surface = require "spec.support.surface"

local classes = annotation.classes "lua"

-- A union is what LDoc takes apart at its bars, and a space ends a type there. Inside of brackets bars stay
-- together.
local function show_type(type)
  local is_optional = type:find "%?$" ~= nil
  local bare = type:gsub("%?$", ""):gsub("^(%b())$", function(inner) return inner:sub(2, -2) end)
  local depth = 0
  local shown = bare:gsub(".", function(char)
    if char:find "[({<]" then depth = depth + 1 elseif char:find "[)}>]" then depth = depth - 1 end
    if char == "|" and depth > 0 then return "/" end
    return ({ ["<"] = "&lt;", [">"] = "&gt;", [" "] = "" })[char]
  end)
  return (is_optional and "?|" or "") .. shown
end

local function escape(text) return (text:gsub("<", "&lt;")) end

local function say(lines, text, ...) lines[#lines + 1] = "-- " .. text:format(...) end

local function say_comment(lines, text)
  lines[#lines + 1] = ""
  local first = #lines + 1
  for line in (escape(text) .. "\n"):gmatch "([^\n]*)\n" do lines[#lines + 1] = "-- " .. line end
  lines[first] = "-" .. lines[first]
end

local function add_function(lines, class, entry)
  say_comment(lines, entry.doc)
  for _, param in ipairs(entry.params) do
    say(lines, "@tparam %s %s %s", show_type(param.type), param.name, escape(param.text))
  end
  for _, result in ipairs(entry.returns) do
    say(lines, "@treturn %s %s %s", show_type(result.type), result.name, escape(result.text))
  end
  say(lines, "@function %s%s", entry.is_method and class:match "[%w_]+$" .. ":" or "", entry.name)
end

local function add_fields(lines, fields)
  if #fields == 0 then return end
  say_comment(lines, "What it has.")
  say(lines, "@table fields")
  for _, field in ipairs(fields) do
    say(lines, "@tfield %s %s %s", show_type(field.type), field.name, escape(field.text))
  end
end

local function sorted(names)
  local list = {}
  for name in pairs(names) do list[#list + 1] = name end
  table.sort(list)
  return list
end

local function add_part(lines, part)
  local fields = {}
  say_comment(lines, part.heading)
  say(lines, "@section %s", part.heading:lower():gsub(" ", "-"))
  for _, name in ipairs(sorted(part.names)) do
    local entry, kind = annotation.find(classes, part.class, name)
    if kind == "functions" then add_function(lines, part.class, entry) else fields[#fields + 1] = entry end
  end
  add_fields(lines, fields)
end

-- LDoc takes all functions of a class for methods.
local function kind_of(class)
  local kind = "classmod"
  for _, entry in pairs(class.functions) do
    if entry.is_method then return "classmod" end
    kind = "module"
  end
  return kind
end

-- A page for each class, begun with what it is.
local function begin(class, heading)
  local lines = {}
  local doc = classes[class].doc
  say_comment(lines, doc ~= "" and doc or heading .. ".")
  say(lines, "@%s %s", kind_of(classes[class]), class)
  return lines
end

local function write(folder, class, lines)
  local file <close> = assert(io.open(("%s/%s.lua"):format(folder, class), "w"))
  file:write(table.concat(lines, "\n"), "\n")
end

local pages = {}
for _, part in ipairs(surface) do
  if part.class then
    pages[part.class] = pages[part.class] or begin(part.class, part.heading)
    add_part(pages[part.class], part)
  end
end
for class, lines in pairs(pages) do write(arg[1], class, lines) end
