-- Writes Lua modules into a C file, for src/embedded.h:
--   lua5.4 src/embed.lua OUT.c slipstream/init.lua=/path/of/it …

local out_path = table.remove(arg, 1)

local function read_all(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

-- Bytes, not a string literal: C99 promises no more than 4,095 characters of those.
local function write_bytes(out, index, text)
  out:write(("static const unsigned char text_%d[] = {"):format(index))
  for position = 1, #text do
    out:write(position % 24 == 1 and "\n" or "", text:byte(position), ",")
  end
  out:write("0};\n")
end

local function module_name(relative)
  return (relative:gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", "."))
end

local out <close> = assert(io.open(out_path, "wb"))
local rows = {}
out:write('/* Written by src/embed.lua; do not edit. */\n#include "embedded.h"\n\n')
for index, entry in ipairs(arg) do
  local relative, path = entry:match("^(.-)=(.+)$")
  write_bytes(out, index, read_all(path))
  rows[index] = ('  {"%s", "@%s", text_%d, sizeof text_%d - 1},\n')
    :format(module_name(relative), relative, index, index)
end
out:write("\nconst struct slip_embedded slip_embedded[] = {\n", table.concat(rows), "  {0, 0, 0, 0},\n};\n")
