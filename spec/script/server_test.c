#include "script/core_lua.h"

#include "spec/support/check.h"
#include "spec/support/memory_failure.h"
#include "spec/support/scarce_lua.h"

#include <arpa/inet.h>
#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <luv/luv.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TURNS = 100, ALL = -1 };

/* A server that echoes; its argument is `core`, its result the server. */
static const char SERVER[] =
    "local core = ...\n"
    "return assert(core.http_server({ host = '127.0.0.1', port = 0, subprotocol = 'phoenix',\n"
    "  max_message_bytes = 1000, max_queue_bytes = 1000, max_connections = 8,\n"
    "  idle_timeout_msec = 0 }, {\n"
    "  request = function(conn, request)\n"
    "    if request.arguments[1] ~= 'a=b' then return 'HTTP/1.1 404 -\\r\\n\\r\\n' end\n"
    "    conn:header 'x-thing'\n"
    "  end,\n"
    "  opened = function(conn) assert(conn:send('welcome', false)) end,\n"
    "  message = function(conn, bytes, is_binary) assert(conn:send(bytes, is_binary)) end,\n"
    "  closed = function() end,\n"
    "  failed = function() end,\n"
    "}))\n";

/* An upgrade, the masked text "hi", and a close frame. */
static const char CLIENT[] = "GET /?a=b HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\nX-Thing: 7\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                             "Sec-WebSocket-Version: 13\r\n\r\n"
                             "\x81\x82\0\0\0\0hi"
                             "\x88\x82\0\0\0\0\x03\xe8";
static const char ANSWER_END[] = "\x81\x07welcome\x81\x02hi\x88\x02\x03\xe8";

/* A state with the server's chunk and its argument on the stack. */
static lua_State *new_state(long *left) {
  *left = ALL;
  lua_State *L = lua_newstate(scarce_allocate, left);
  luaL_openlibs(L);
  luaL_requiref(L, "luv", luaopen_luv, 1);
  luaL_requiref(L, "slipstream.core", slip_core_open, 0);
  assert_int_equal(luaL_loadstring(L, SERVER), LUA_OK);
  lua_insert(L, -2); /* stack: luv, chunk, core */
  lua_gc(L, LUA_GCSTOP);
  return L;
}

/* The port of the server on top of the stack. */
static uint16_t port_of(lua_State *L) {
  lua_getfield(L, -1, "port");
  lua_pushvalue(L, -2);
  lua_call(L, 1, 1);
  lua_Integer port = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return (uint16_t)port;
}

static int dial(uint16_t port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
  return fd;
}

struct answer {
  char bytes[1024];
  size_t size;
};

static void listen_to(int fd, struct answer *answer) {
  ssize_t got =
      recv(fd, answer->bytes + answer->size, sizeof answer->bytes - answer->size, MSG_DONTWAIT);
  if (got > 0)
    answer->size += (size_t)got;
}

/* Says all that CLIENT is to the server on top of the stack; whether all was answered. */
static bool converse(lua_State *L, int fd) {
  struct answer answer = {.size = 0};
  size_t end = sizeof ANSWER_END - 1;
  assert_int_equal(send(fd, CLIENT, sizeof CLIENT - 1, MSG_NOSIGNAL), sizeof CLIENT - 1);
  for (int turn = 0; turn < TURNS; turn++) {
    uv_run(luv_loop(L), UV_RUN_NOWAIT);
    listen_to(fd, &answer);
  }
  return answer.size > end && memcmp(answer.bytes + answer.size - end, ANSWER_END, end) == 0;
}

/* A life: opened, spoken with, and left to the end of the state; whether all went well. */
static bool lives(lua_State *L, long *left, long granted) {
  *left = granted;
  bool is_open = lua_pcall(L, 1, 1, 0) == LUA_OK;
  *left = ALL;
  if (!is_open)
    return false;
  int fd = dial(port_of(L));
  *left = granted;
  bool is_answered = converse(L, fd);
  *left = ALL;
  close(fd);
  return is_answered;
}

static void answers_when_there_is_memory(void **state) {
  (void)state;
  long left;
  lua_State *L = new_state(&left);
  assert_true(lives(L, &left, ALL));
  lua_close(L);
}

static void leaves_nothing_behind_when_lua_has_no_memory(void **state) {
  (void)state;
  bool is_alive = false;
  long granted = 0;
  for (; !is_alive; granted++) {
    long left;
    lua_State *L = new_state(&left);
    is_alive = lives(L, &left, granted);
    lua_close(L);
  }
  assert_true(granted > 10);
}

/* The same for our own allocations; Lua's come through the same functions here. */
static void leaves_nothing_behind_when_an_allocation_fails(void **state) {
  (void)state;
  unsigned number = 0;
  bool has_failed = true;
  for (; has_failed; number++) {
    long left;
    lua_State *L = new_state(&left);
    memory_fails_at(number);
    bool is_open = lua_pcall(L, 1, 1, 0) == LUA_OK;
    if (is_open) {
      int fd = dial(port_of(L));
      (void)converse(L, fd);
      close(fd);
    }
    has_failed = memory_has_failed();
    lua_close(L);
  }
  assert_true(number > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers_when_there_is_memory),
      cmocka_unit_test(leaves_nothing_behind_when_lua_has_no_memory),
      cmocka_unit_test(leaves_nothing_behind_when_an_allocation_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
