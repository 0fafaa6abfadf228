local core = require "slipstream.core"
local json, null, array_mt = core.json, core.null, core.array_mt

local function array(...)
  return setmetatable({ ... }, array_mt)
end

-- Equal in value, in number subtype, in the sign of zero and in what is marked as an array.
local function is_equal(a, b)
  if math.type(a) ~= math.type(b) then return false end
  if a == 0 and b == 0 then return math.type(a) == "integer" or 1 / a == 1 / b end
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  if getmetatable(a) ~= getmetatable(b) then return false end
  for key, value in pairs(a) do
    if not is_equal(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

local function nested(open, middle, close, depth)
  return open:rep(depth) .. middle .. close:rep(depth)
end

-- { text, value }
local decoded = {
  -- words
  { "null", null }, { "true", true }, { "false", false }, { " null ", null },
  { "\t\r\n true\t\r\n ", true },
  -- integers
  { "0", 0 }, { "1", 1 }, { "-1", -1 }, { "42", 42 }, { "10", 10 }, { "-10", -10 }, { "1000000", 1000000 },
  { "2147483647", 2147483647 }, { "2147483648", 2147483648 }, { "-2147483649", -2147483649 },
  { "9007199254740991", 9007199254740991 }, { "9007199254740993", 9007199254740993 },
  { "-9007199254740993", -9007199254740993 }, { "1234567890123456789", 1234567890123456789 },
  { "9223372036854775806", math.maxinteger - 1 }, { "9223372036854775807", math.maxinteger },
  { "-9223372036854775807", math.mininteger + 1 }, { "-9223372036854775808", math.mininteger },
  { " 7 ", 7 }, { "\n7", 7 }, { "7\n", 7 },
  -- integers beyond 64 bit are floats
  { "9223372036854775808", 2.0 ^ 63 }, { "-9223372036854775809", -2.0 ^ 63 },
  { "18446744073709551615", 2.0 ^ 64 },
  { "18446744073709551616", 2.0 ^ 64 }, { "100000000000000000000", 1e20 },
  { "-100000000000000000000", -1e20 },
  { "1" .. ("0"):rep(300), 1e300 }, { "-1" .. ("0"):rep(308), -1e308 },
  { "123456789012345678901234567890", 123456789012345678901234567890.0 },
  -- the float zero has a sign
  { "-0", -0.0 }, { "-0.0", -0.0 }, { "0.0", 0.0 }, { "-0e1", -0.0 }, { "0e1", 0.0 }, { "0E+00", 0.0 },
  { "-0.000", -0.0 },
  { "[-0]", array(-0.0) }, { "[0]", array(0) },
  -- floats
  { "1.0", 1.0 }, { "-1.0", -1.0 }, { "3.0", 3.0 }, { "0.5", 0.5 }, { "1.5", 1.5 }, { "-1.5", -1.5 },
  { "0.1", 0.1 },
  { "0.2", 0.2 }, { "0.30000000000000004", 0.1 + 0.2 }, { "123.456", 123.456 },
  { "3.141592653589793", math.pi },
  { "2.718281828459045", 2.718281828459045 }, { "100.00", 100.0 }, { "1.000000000000000000000000", 1.0 },
  { "0.1000000000000000055511151231257827021181583404541015625", 0.1 },
  { "9007199254740993.0", 9007199254740992.0 }, { "9007199254740993.00000001", 9007199254740994.0 },
  -- with exponents, also when the value is whole
  { "1e0", 1.0 }, { "1e2", 100.0 }, { "1E2", 100.0 }, { "1e+2", 100.0 }, { "1E+2", 100.0 },
  { "1e-2", 0.01 }, { "1E-2", 0.01 },
  { "1.5e3", 1500.0 }, { "-1.5e3", -1500.0 }, { "1e02", 100.0 }, { "1e000000000000000000000002", 100.0 },
  { "1e15", 1e15 }, { "1e16", 1e16 }, { "1e21", 1e21 }, { "1e22", 1e22 }, { "1e23", 1e23 },
  { "12e1", 120.0 },
  { "1.7976931348623157e308", 1.7976931348623157e308 },
  { "-1.7976931348623157e308", -1.7976931348623157e308 },
  { "2.2250738585072014e-308", 2.2250738585072014e-308 },
  { "2.2250738585072011e-308", 2.2250738585072011e-308 },
  { "5e-324", 4.9406564584124654e-324 }, { "4.9e-324", 4.9406564584124654e-324 },
  { "3e-324", 4.9406564584124654e-324 },
  { "0e999999", 0.0 }, { "0.000e999999999999999999999", 0.0 },
  -- too small for a float is zero
  { "1e-400", 0.0 }, { "-1e-400", -0.0 }, { "123.456e-789", 0.0 }, { "1e-99999999999999999999", 0.0 },
  { "2e-324", 0.0 },
  -- strings
  { '""', "" }, { '"a"', "a" }, { '"hello world"', "hello world" }, { '" "', " " },
  { '"null"', "null" }, { '"1"', "1" },
  { '"[]"', "[]" }, { '"{\\"a\\":1}"', '{"a":1}' }, { '"a,b:c"', "a,b:c" }, { '"/"', "/" },
  { '"\\/"', "/" }, { '"\\\\"', "\\" },
  { '"\\""', '"' }, { '"\\b\\f\\n\\r\\t"', "\b\f\n\r\t" }, { '"a\\nb"', "a\nb" }, { '"\\\\n"', "\\n" },
  { '"\\\\\\n"', "\\\n" },
  { '"\\\\\\\\"', "\\\\" }, { '"\\\\\\""', '\\"' }, { '"\127"', "\127" },
  { '"\\u0041"', "A" }, { '"\\u0000"', "\0" }, { '"a\\u0000b"', "a\0b" }, { '"\\u001f"', "\31" },
  { '"\\u007f"', "\127" },
  { '"\\u0080"', "\u{80}" }, { '"\\u07ff"', "\u{7ff}" }, { '"\\u0800"', "\u{800}" },
  { '"\\uffff"', "\u{ffff}" },
  { '"\\uFFFE"', "\u{fffe}" }, { '"\\uFeFf"', "\u{feff}" }, { '"\\ud7ff"', "\u{d7ff}" },
  { '"\\ue000"', "\u{e000}" },
  { '"\\u00e9"', "é" }, { '"\\u00E9"', "é" }, { '"\\u20ac"', "€" }, { '"\\u00411"', "A1" },
  { '"\\\\u0041"', "\\u0041" },
  { '"\\ud83d\\ude00"', "😀" }, { '"\\uD83D\\uDE00"', "😀" }, { '"\\ud800\\udc00"', "\u{10000}" },
  { '"\\udbff\\udfff"', "\u{10ffff}" }, { '"x\\ud83d\\ude00y"', "x😀y" },
  { '"\\ud83d\\ude00\\ud83d\\ude00"', "😀😀" },
  { '"é"', "é" }, { '"€"', "€" }, { '"😀"', "😀" }, { '"日本語"', "日本語" },
  { '"\u{10ffff}"', "\u{10ffff}" },
  { '"\u{2028}\u{2029}"', "\u{2028}\u{2029}" }, { '"\u{feff}"', "\u{feff}" }, { '"\u{fffd}"', "\u{fffd}" },
  { '"' .. ("x"):rep(63) .. '"', ("x"):rep(63) }, { '"' .. ("x"):rep(64) .. '"', ("x"):rep(64) },
  { '"' .. ("x"):rep(100000) .. '"', ("x"):rep(100000) },
  { '"' .. ("\\n"):rep(70000) .. '"', ("\n"):rep(70000) },
  { '"' .. ("x"):rep(62) .. '\\""', ("x"):rep(62) .. '"' },
  { '"' .. ("x"):rep(63) .. '\\\\"', ("x"):rep(63) .. "\\" },
  { '"a"   ', "a" }, { '   "a"', "a" }, { '"a "', "a " }, { '"a\\" "', 'a" ' },
  -- arrays
  { "[]", array() }, { "[ ]", array() }, { " [ ] ", array() }, { "[1]", array(1) },
  { "[1,2,3]", array(1, 2, 3) },
  { "[ 1 , 2 ]", array(1, 2) }, { "[\n1,\n2\n]", array(1, 2) }, { "[[]]", array(array()) },
  { "[[],[]]", array(array(), array()) },
  { "[{}]", array({}) }, { "[{},[]]", array({}, array()) }, { "[null]", array(null) },
  { "[null,null]", array(null, null) },
  { "[1,null,2]", array(1, null, 2) }, { '["a"]', array("a") }, { '["a","b"]', array("a", "b") },
  { '["]"]', array("]") },
  { '["a" , "b" ]', array("a", "b") }, { "[true,false,null]", array(true, false, null) },
  { "[1,1.0]", array(1, 1.0) },
  { "[[1],[2,[3]]]", array(array(1), array(2, array(3))) }, { '["\\"",1]', array('"', 1) },
  { "[1.5,-2,3e1]", array(1.5, -2, 30.0) }, { '["[","{"]', array("[", "{") },
  -- objects
  { "{}", {} }, { "{ }", {} }, { " { } ", {} }, { '{"a":1}', { a = 1 } }, { '{ "a" : 1 }', { a = 1 } },
  { '{"a":1,"b":2}', { a = 1, b = 2 } }, { '{"":1}', { [""] = 1 } }, { '{"a":{}}', { a = {} } },
  { '{"a":[]}', { a = array() } },
  { '{"a":null}', { a = null } }, { '{"a":{"b":{"c":1}}}', { a = { b = { c = 1 } } } },
  { '{"a b":1}', { ["a b"] = 1 } },
  { '{"1":1}', { ["1"] = 1 } }, { '{"\\u0061":1}', { a = 1 } }, { '{"\\u0000":1}', { ["\0"] = 1 } },
  { '{"é":1}', { ["é"] = 1 } },
  { '{"a":1,"a":2}', { a = 2 } }, { '{"a":1,"\\u0061":2}', { a = 2 } },
  { '{"a":{"x":1},"a":{}}', { a = {} } },
  { '{"a":1,"a":null}', { a = null } }, { '{"a\\"b":1}', { ['a"b'] = 1 } }, { '{"a":"}"}', { a = "}" } },
  { '{"a":[1,{"b":[]}]}', { a = array(1, { b = array() }) } }, { '{\n\t"a":\t1\r\n}', { a = 1 } },
  { '{"null":null}', { null = null } },
}

-- { text, byte of the fault, part of the error text }
local refused = {
  -- nothing, or too little
  { "", 1, "ends too soon" }, { " ", 2, "ends too soon" }, { "\n\t", 3, "ends too soon" },
  { "[", 2, "ends too soon" },
  { "{", 2, "ends too soon" }, { "[1", 3, "ends too soon" }, { "[1,", 4, "ends too soon" },
  { "[[1]", 5, "ends too soon" },
  { '{"a"', 5, "ends too soon" }, { '{"a":', 6, "ends too soon" }, { '{"a":1', 7, "ends too soon" },
  { '{"a":1,', 8, "ends too soon" },
  { '{"a":[', 7, "ends too soon" }, { '"', 2, "ends too soon" }, { '"a', 3, "ends too soon" },
  { '"a\\"', 5, "ends too soon" },
  { '["a', 4, "ends too soon" }, { '{"a', 4, "ends too soon" }, { '"\\', 3, "ends too soon" },
  { "[[[[", 5, "ends too soon" },
  -- too much
  { "1 2", 3, "follows" }, { "[] []", 4, "follows" }, { "[]]", 3, "follows" }, { "{}}", 3, "follows" },
  { '"a" "b"', 5, "follows" },
  { "null null", 6, "follows" }, { "[1],", 4, "follows" }, { "1,", 2, "follows" },
  { "{},{}", 3, "follows" }, { '{}"', 4, "ends too soon" },
  { "[]x", 3, "follows" }, { '"a"b', 4, "follows" }, { '""""', 3, "follows" },
  { "true:", 5, "follows" }, { "[]\0", 3, "follows" },
  -- byte order marks and odd spaces
  { "\u{feff}1", 1, "expected a value" }, { "\u{feff}[]", 1, "expected a value" },
  { "[\u{a0}1]", 2, "expected a value" },
  { "[\f1]", 2, "expected a value" }, { "[\v]", 2, "expected a value" },
  { "\0", 1, "expected a value" }, { "[1\0]", 2, "no number" },
  { "\u{2060}1", 1, "expected a value" }, { "[\b]", 2, "expected a value" },
  -- words
  { "nul", 1, "expected a value" }, { "nulll", 1, "expected a value" },
  { "nullx", 1, "expected a value" }, { "Null", 1, "expected a value" },
  { "tru", 1, "expected a value" }, { "truee", 1, "expected a value" },
  { "True", 1, "expected a value" }, { "TRUE", 1, "expected a value" },
  { "fals", 1, "expected a value" }, { "falsee", 1, "expected a value" },
  { "nil", 1, "expected a value" }, { "undefined", 1, "expected a value" },
  { "NaN", 1, "expected a value" }, { "nan", 1, "expected a value" },
  { "Infinity", 1, "expected a value" }, { "inf", 1, "expected a value" },
  { "[nul]", 2, "expected a value" }, { "a", 1, "expected a value" }, { "[a]", 2, "expected a value" },
  { "tr ue", 1, "expected a value" },
  { "true\"\"", 1, "expected a value" }, { "'a'", 1, "expected a value" },
  { "`a`", 1, "expected a value" }, { "*", 1, "expected a value" },
  { "// c\n1", 1, "expected a value" }, { "/* c */1", 1, "expected a value" },
  { "[1,/**/2]", 4, "expected a value" }, { "<null>", 1, "expected a value" },
  -- numbers
  { "-", 1, "no number" }, { "+1", 1, "expected a value" }, { "+", 1, "expected a value" },
  { ".5", 1, "expected a value" }, { "-.5", 1, "no number" },
  { "1.", 1, "no number" }, { "-1.", 1, "no number" }, { "1.e1", 1, "no number" },
  { "01", 1, "no number" }, { "-01", 1, "no number" },
  { "00", 1, "no number" }, { "-00", 1, "no number" }, { "00.5", 1, "no number" },
  { "1e", 1, "no number" }, { "1E", 1, "no number" },
  { "1e+", 1, "no number" }, { "1e-", 1, "no number" }, { "1e1.5", 1, "no number" },
  { "1e1e1", 1, "no number" }, { "1.2.3", 1, "no number" },
  { "1..2", 1, "no number" }, { "--1", 1, "no number" }, { "-+1", 1, "no number" },
  { "1-", 1, "no number" }, { "1+1", 1, "no number" },
  { "0x10", 1, "no number" }, { "0x", 1, "no number" }, { "0b1", 1, "no number" },
  { "1a", 1, "no number" }, { "1_000", 1, "no number" },
  { "-Infinity", 1, "no number" }, { "-NaN", 1, "no number" }, { "-a", 1, "no number" },
  { "- 1", 1, "no number" }, { "1 000", 3, "follows" },
  { "1\"a\"", 1, "no number" }, { "[1\"a\"]", 2, "no number" }, { "[-]", 2, "no number" },
  { "[1.]", 2, "no number" }, { "[0 1]", 4, "expected" },
  { "1f", 1, "no number" }, { "1.5f", 1, "no number" }, { "1L", 1, "no number" },
  { "0e", 1, "no number" }, { "0e+", 1, "no number" },
  { "１", 1, "expected a value" }, { "1٠", 1, "no number" }, { "[1,-,2]", 4, "no number" },
  { "1e٠", 1, "no number" },
  { "1e400", 1, "too large" }, { "-1e400", 1, "too large" }, { "[1,1e309]", 4, "too large" },
  { "1e99999999999999999999", 1, "too large" },
  { "1" .. ("0"):rep(400), 1, "too large" }, { "1.8e308", 1, "too large" },
  -- strings
  { '"\\a"', 1, "bad escape" }, { '"\\v"', 1, "bad escape" }, { '"\\0"', 1, "bad escape" },
  { '"\\x41"', 1, "bad escape" }, { '"\\\'"', 1, "bad escape" },
  { '"\\ "', 1, "bad escape" }, { '"\\N"', 1, "bad escape" }, { '"\\U0041"', 1, "bad escape" },
  { '"\\u"', 1, "bad escape" }, { '"\\u0"', 1, "bad escape" },
  { '"\\u00"', 1, "bad escape" }, { '"\\u004"', 1, "bad escape" }, { '"\\u004g"', 1, "bad escape" },
  { '"\\u-041"', 1, "bad escape" }, { '"\\u 041"', 1, "bad escape" },
  { '"\\u{41}"', 1, "bad escape" }, { '"\\ud800"', 1, "bad escape" }, { '"\\udbff"', 1, "bad escape" },
  { '"\\udc00"', 1, "bad escape" },
  { '"\\udfff"', 1, "bad escape" }, { '"\\ud800x"', 1, "bad escape" },
  { '"\\ud800\\n"', 1, "bad escape" }, { '"\\ud800\\u0041"', 1, "bad escape" },
  { '"\\ud800\\ud800"', 1, "bad escape" }, { '"\\udc00\\ud800"', 1, "bad escape" },
  { '"\\ud83d\\ude"', 1, "bad escape" }, { '"\\ud83d\\"', 10, "ends too soon" },
  { '"\\ud800\\ud83d\\ude00"', 1, "bad escape" }, { '["a","\\q"]', 6, "bad escape" },
  { '{"\\q":1}', 2, "bad escape" }, { '{"a":"\\q"}', 6, "bad escape" },
  { '"a\nb"', 3, "control character" }, { '"a\tb"', 3, "control character" },
  { '"\0"', 2, "control character" }, { '"\31"', 2, "control character" },
  { '"\r"', 2, "control character" }, { '{"a\n":1}', 4, "control character" },
  { '["\\"\n"]', 5, "control character" }, { ' "x" "\1"', 7, "control character" },
  { '"\128"', 2, "UTF" }, { '"a\255"', 3, "UTF" }, { '"\254"', 2, "UTF" }, { '"\192\128"', 2, "UTF" },
  { '"\193\191"', 2, "UTF" },
  { '"\224\128\128"', 3, "UTF" }, { '"\237\160\128"', 3, "UTF" }, { '"\237\191\191"', 3, "UTF" },
  { '"\240\128\128\128"', 3, "UTF" },
  { '"\244\144\128\128"', 3, "UTF" }, { '"\245\128\128\128"', 2, "UTF" }, { '"\195"', 3, "UTF" },
  { '"\226\130"', 4, "UTF" }, { '"\240\159\152"', 5, "UTF" },
  { "\255", 1, "UTF" }, { "[\255]", 2, "UTF" }, { '{"\255":1}', 3, "UTF" }, { '["é\255"]', 5, "UTF" },
  { '"\226\40\161"', 3, "UTF" },
  -- arrays
  { "]", 1, "expected a value" }, { "[}", 2, "expected a value" }, { "[,]", 2, "expected a value" },
  { "[1,]", 4, "expected a value" },
  { "[,1]", 2, "expected a value" }, { "[1,,2]", 4, "expected a value" }, { "[1 2]", 4, "expected" },
  { '["a" "b"]', 6, "expected" },
  { '["a""b"]', 5, "expected" }, { "[1:2]", 3, "expected" }, { "[1}", 3, "expected" },
  { "[[]", 4, "ends too soon" }, { "[1;2]", 2, "no number" },
  { '["a":1]', 5, "expected" }, { "[:]", 2, "expected a value" }, { "[...]", 2, "expected a value" },
  { "[1,2,,]", 6, "expected a value" },
  { "[[1],[2}]", 8, "expected" }, { "[{}{}]", 4, "expected" }, { "[[][]]", 4, "expected" },
  { "[ , ]", 3, "expected a value" },
  -- objects
  { "}", 1, "expected a value" }, { "{]", 2, "expected a key" }, { "{,}", 2, "expected a key" },
  { '{"a":1,}', 8, "expected a key" }, { "{1:1}", 2, "expected a key" },
  { "{a:1}", 2, "expected a key" }, { "{'a':1}", 2, "expected a key" },
  { "{null:1}", 2, "expected a key" }, { "{[]:1}", 2, "expected a key" },
  { '{"a"}', 5, "expected :" }, { '{"a",1}', 5, "expected :" }, { '{"a" 1}', 6, "expected :" },
  { '{"a"=1}', 5, "expected :" }, { '{"a":}', 6, "expected a value" },
  { '{"a":,}', 6, "expected a value" }, { '{"a"::1}', 6, "expected a value" },
  { '{"a":1 "b":2}', 8, "expected" }, { '{"a":1;"b":2}', 6, "no number" },
  { '{"a":1]', 7, "expected" }, { '{"a":1,,"b":2}', 8, "expected a key" },
  { '{:1}', 2, "expected a key" }, { '{"a":1:2}', 7, "expected" },
  { '{"a""b":1}', 5, "expected :" }, { '{"a":[1}', 8, "expected" },
  { '{"a":{"b":1}', 13, "ends too soon" }, { '{"a":1}}', 8, "follows" },
  { "{{}}", 2, "expected a key" },
}

-- { value, text }
local encoded = {
  { null, "null" }, { true, "true" }, { false, "false" },
  { 0, "0" }, { 1, "1" }, { -1, "-1" }, { math.maxinteger, "9223372036854775807" },
  { math.mininteger, "-9223372036854775808" },
  { 9007199254740993, "9007199254740993" },
  { 0.0, "0.0" }, { -0.0, "-0.0" }, { 1.0, "1.0" }, { 3.0, "3.0" }, { -3.0, "-3.0" }, { 0.1, "0.1" },
  { 0.5, "0.5" }, { 1.5, "1.5" },
  { 0.1 + 0.2, "0.30000000000000004" }, { 100.0, "100.0" }, { 1e15, "1e+15" }, { 123456.0, "123456.0" },
  { 1e300, "1e+300" },
  { 5e-324, "5e-324" }, { 1.7976931348623157e308, "1.7976931348623157e+308" },
  { 2.0 ^ 53, "9007199254740992.0" }, { math.pi, "3.141592653589793" },
  { "", '""' }, { "a", '"a"' }, { '"', '"\\""' }, { "\\", '"\\\\"' }, { "/", '"/"' },
  { "\b\f\n\r\t", '"\\b\\f\\n\\r\\t"' },
  { "\0", '"\\u0000"' }, { "\31", '"\\u001f"' }, { "\127", '"\127"' }, { "é€😀", '"é€😀"' },
  { "\u{2028}", '"\u{2028}"' }, { "a\0b", '"a\\u0000b"' },
  { "1", '"1"' }, { "</script>", '"</script>"' },
  { {}, "{}" }, { array(), "[]" }, { { 1 }, "[1]" }, { { 1, 2, 3 }, "[1,2,3]" },
  { array(1, 2), "[1,2]" }, { { {} }, "[{}]" }, { { array() }, "[[]]" },
  { { a = 1 }, '{"a":1}' }, { { a = {} }, '{"a":{}}' }, { { a = array() }, '{"a":[]}' },
  { { [""] = 1 }, '{"":1}' }, { { ["1"] = 1 }, '{"1":1}' },
  { { ['a"b'] = 1 }, '{"a\\"b":1}' },
  { { a = { b = { 1, { c = null } } } }, '{"a":{"b":[1,{"c":null}]}}' },
  { { null, null }, "[null,null]" },
  { { [3] = "c", [2] = "b", [1] = "a" }, '["a","b","c"]' }, { { [2] = 2, [1] = 1 }, "[1,2]" },
  { { [1.0] = 1 }, "[1]" },
  { setmetatable({ a = 1 }, { __pairs = error, __index = error, __len = error, __name = "x" }), '{"a":1}' },
  { setmetatable({}, { __index = { 1, 2 } }), "{}" }, { setmetatable({ 1 },
  { __tostring = error }), "[1]" },
}

local in_itself, deep_in_itself = {}, { list = { 1, {} } }
in_itself.me = in_itself
deep_in_itself.list[2].x = deep_in_itself.list
local shared = { 1 }

-- { value, error text }
local unencodable = {
  { print, "payload: cannot encode a function" },
  { { x = print }, "payload.x: cannot encode a function" },
  { { print }, "payload[1]: cannot encode a function" },
  { { list = { 1, 2, { x = print } } }, "payload.list[3].x: cannot encode a function" },
  { { list = { 1, 2, { ["a b"] = print } } }, 'payload.list[3]["a b"]: cannot encode a function' },
  { { ["é"] = print }, 'payload["é"]: cannot encode a function' },
  { { ["1st"] = print }, 'payload["1st"]: cannot encode a function' },
  { { a1_ = print }, "payload.a1_: cannot encode a function" },
  { { ["a\0b"] = print }, 'payload["a\\u0000b"]: cannot encode a function' },
  { { [""] = print }, 'payload[""]: cannot encode a function' },
  { array(1, print), "payload[2]: cannot encode a function" },
  { { [3] = 1, [2] = print, [1] = 1 }, "payload[2]: cannot encode a function" },
  { { x = coroutine.create(print) }, "payload.x: cannot encode a thread" },
  { { x = io.stdout }, "payload.x: cannot encode a userdata" },
  { 0 / 0, "payload: cannot encode NaN" }, { { x = 0 / 0 }, "payload.x: cannot encode NaN" },
  { { 1 / 0 }, "payload[1]: cannot encode infinity" },
  { { 1, -1 / 0 }, "payload[2]: cannot encode infinity" },
  { "\255", "payload: cannot encode a string that is not UTF-8" },
  { { x = "a\192\128" }, "payload.x: cannot encode a string that is not UTF-8" },
  { { x = "\237\160\128" }, "payload.x: cannot encode a string that is not UTF-8" },
  { { x = "\226\130" }, "payload.x: cannot encode a string that is not UTF-8" },
  { { x = { ["\255"] = 1 } }, "payload.x: cannot encode a key that is not UTF-8" },
  { { x = setmetatable({ bytes = "1" }, core.binary_mt) },
    "payload.x: a binary payload cannot be part of JSON" },
  { { x = { [true] = 1 } }, "payload.x: cannot encode a key that is a boolean" },
  { { [print] = 1 }, "payload: cannot encode a key that is a function" },
  { { [{}] = 1 }, "payload: cannot encode a key that is a table" },
  { { 1, 2, nil, 4 }, "payload: cannot encode a list with holes" },
  { { nil, 2 }, "payload: cannot encode a list with holes" },
  { { x = { [2] = 1 } }, "payload.x: cannot encode a list with holes" },
  { { [0] = 1 }, "payload: cannot encode a list with holes" },
  { { [-1] = 1 }, "payload: cannot encode a list with holes" },
  { { [-1] = 1, [2] = 2 }, "payload: cannot encode a list with holes" },
  { { [1.5] = 1 }, "payload: cannot encode a key that is a float" },
  { { 1, [1.5] = 1 }, "payload: cannot encode a key that is a float" },
  { { x = 1, [1.5] = 1 }, "payload: cannot encode a key that is a float" },
  { { 1, [true] = 1 }, "payload: cannot encode a key that is a boolean" },
  { { 1, [1 << 40] = 1 }, "payload: cannot encode a list with holes" },
  { array(1, nil, 3), "payload: cannot encode a list with holes" },
  { { 1, x = 2 }, "payload: cannot encode a list that has named keys too" },
  { { y = { 1, 2, x = 3 } }, "payload.y: cannot encode a list that has named keys too" },
  { { x = 1, [1] = 2 }, "payload: cannot encode a list that has named keys too" },
  { setmetatable({ x = 1 }, array_mt), "payload: cannot encode a list that has named keys too" },
  { in_itself, "payload.me: cannot encode a table inside itself" },
  { deep_in_itself, "payload.list[2].x: cannot encode a table inside itself" },
}

local function nest(depth)
  local value = {}
  for _ = 2, depth do value = { value } end
  return value
end

-- One line of printable text, whatever the bytes are.
local function shown(value)
  local text = ("%q"):format(tostring(value)):gsub("\\\n", "\\n")
  return #text > 60 and text:sub(1, 60) .. "…" or text
end

describe("json.decode", function()
  for i, case in ipairs(decoded) do
    it(("reads %d: %s"):format(i, shown(case[1])), function()
      local value, err = json.decode(case[1])
      assert.is_nil(err)
      assert.is_true(is_equal(case[2], value))
    end)
  end

  for i, case in ipairs(refused) do
    it(("refuses %d: %s"):format(i, shown(case[1])), function()
      local value, err = json.decode(case[1])
      assert.is_nil(value)
      assert.equal(case[2], tonumber(err:match("^not valid JSON at byte (%d+): ")))
      assert.is_truthy(err:find(case[3], 1, true), err)
    end)
  end

  it("nests 512 deep and no deeper", function()
    assert.is_table(json.decode(nested("[", "", "]", 512)))
    assert.is_table(json.decode(nested('{"a":', "1", "}", 512)))
    local function err_of(text) return select(2, json.decode(text)) end
    assert.equal("not valid JSON at byte 513: nested too deep", err_of(nested("[", "", "]", 513)))
    assert.equal("not valid JSON at byte 2561: nested too deep", err_of(nested('{"a":', "1", "}", 513)))
    assert.equal("not valid JSON at byte 513: nested too deep", err_of(("["):rep(1000000)))
  end)

  it("goes wide without an end", function()
    local value = json.decode("[" .. ("[],"):rep(100000) .. "1]")
    assert.equal(100001, #value)
    assert.equal(1, value[100001])
  end)

  it("refuses every beginning of a document", function()
    local text = '{"a":[1,-2.5e3,true,null,"x\\n\\u20ac"],"b":{"c":false}}'
    assert.is_table(json.decode(text))
    for size = 0, #text - 1 do
      local value, err = json.decode(text:sub(1, size))
      assert.is_nil(value)
      assert.is_truthy(err)
    end
  end)

  it("reads a document wherever its tokens fall in the blocks of 64 bytes", function()
    local text = '{"key":["a\\"b",12.5,true,{"x":"\\\\"}]}'
    local expected = { key = array('a"b', 12.5, true, { x = "\\" }) }
    for pad = 0, 130 do
      assert.is_true(is_equal(expected, json.decode((" "):rep(pad) .. text .. (" "):rep(pad % 7))))
    end
  end)

  it("takes null of cjson for null", function()
    assert.equal(require("cjson").null, json.decode("null"))
  end)

  it("raises when there is no text", function()
    assert.has_error(function() json.decode() end)
    assert.has_error(function() json.decode({}) end)
  end)
end)

describe("json.encode", function()
  for i, case in ipairs(encoded) do
    it(("writes %d: %s"):format(i, shown(case[2])), function()
      local text, err = json.encode(case[1])
      assert.is_nil(err)
      assert.equal(case[2], text)
    end)
  end

  for i, case in ipairs(unencodable) do
    it(("refuses %d: %s"):format(i, shown(case[2])), function()
      local text, err = json.encode(case[1])
      assert.is_nil(text)
      assert.equal(case[2], err)
    end)
  end

  it("writes every float as the shortest text that reads back the same", function()
    for _, number in ipairs { 0.1, 1 / 3, 1e21, 1e-7, 123e-20, 4.35, 2.5e-8 } do
      local text = json.encode(number)
      assert.is_true(is_equal(number, json.decode(text)))
      assert.is_true(#text <= #("%.17g"):format(number))
    end
  end)

  it("writes all keys of an object once", function()
    local seen = {}
    for key in json.encode({ a = 1, b = 1, c = 1 }):gmatch('"(%a)":1') do seen[#seen + 1] = key end
    table.sort(seen)
    assert.same({ "a", "b", "c" }, seen)
  end)

  it("writes a table that is there twice, twice", function()
    assert.equal("[[1],[1]]", json.encode { shared, shared })
  end)

  it("nests 512 deep and no deeper", function()
    assert.is_string(json.encode(nest(512)))
    local text, err = json.encode(nest(513))
    assert.is_nil(text)
    assert.is_truthy(err:find("^payload%[1%].*: nested too deep$"))
  end)

  it("works after a failure as before", function()
    assert.is_nil(json.encode { "half written", print })
    assert.equal('["whole"]', json.encode { "whole" })
  end)

  it("writes a list that is not stored in order, as large as it may be", function()
    local list = {}
    for i = 3000, 1, -1 do list[i] = i end
    assert.is_true(is_equal(setmetatable(list, array_mt), json.decode(json.encode(list))))
  end)

  it("may be called by a finalizer in the midst of decoding", function()
    local inner = 0
    local function litter()
      setmetatable({}, { __gc = function()
        assert(json.decode(json.encode { "a\n", inner })[2] == inner)
        inner = inner + 1
      end })
    end
    local text = "[" .. ('{"a\\n":["b\\t"]},'):rep(2000) .. "0]"
    for _ = 1, 50 do
      for _ = 1, 20 do litter() end
      local value = json.decode(text)
      assert.equal("b\t", value[2000]["a\n"][1])
    end
    collectgarbage()
    assert.equal(1000, inner)
  end)
end)

describe("json both ways", function()
  local random = math.random

  local function random_float()
    while true do
      local number = ("d"):unpack(("i8"):pack(random(0)))
      if number == number and number ~= math.huge and number ~= -math.huge then return number end
    end
  end

  local function random_string()
    local points = {}
    for i = 1, random(0, 12) do
      local point = random(4) == 1 and random(0, 0x10ffff) or random(0, 0x7f)
      points[i] = utf8.char(point >= 0xd800 and point < 0xe000 and 0xfffd or point)
    end
    return table.concat(points)
  end

  local scalars = {
    function() return null end,
    function() return random(2) == 1 end,
    function() return random(0) end,
    function() return random(-100, 100) end,
    random_float, random_string,
  }

  local function random_value(depth)
    local kind = random(depth > 0 and 8 or 6)
    if kind <= 6 then return scalars[kind]() end
    local value = kind == 7 and array() or {}
    for i = 1, random(0, 5) do value[kind == 7 and i or random_string()] = random_value(depth - 1) end
    return value
  end

  it("gives every value back", function()
    math.randomseed(20, 24)
    for _ = 1, 5000 do
      local value = random_value(5)
      local text = assert(json.encode(value))
      assert(is_equal(value, json.decode(text)), text)
    end
  end)
end)
