#ifndef SLIP_SCRIPT_SERIALIZER_LUA_H
#define SLIP_SCRIPT_SERIALIZER_LUA_H
/*
 * Serializer_lua: a serializer of the script's, as the codec of a session. The table `serializer`
 * of a config has two functions of our own Lua files (lua/slipstream/serializer.lua), which guard
 * themselves:
 *
 *   encode(join_ref, ref, topic, event, payload, is_packed)
 *       → bytes, is_binary | nil, fault; a payload that is not packed is "{}"
 *   decode(bytes, is_binary)
 *       → true, join_ref, ref, topic, event, status, payload | false, fault
 *
 * What `decode` answers as the payload stays a Lua value: events of the message bring it as it is.
 * The session must not be asked for anything meanwhile, so methods of the client raise.
 */
#include "script/client_lua.h"

#define SLIP_SERIALIZER_FAULT_MAX 256

/* A client with a serializer. */
struct slip_serializer_box {
  struct slip_client_box box; /* first, so that it is the client as well */
  struct slip_codec codec;
  char fault[SLIP_SERIALIZER_FAULT_MAX]; /* of the last failure; a long one is cut */
};

/* Makes the client one with a serializer; the codec is for its session alone. */
struct slip_codec *slip_serializer_init(struct slip_serializer_box *own);
/* Of a client with a serializer, whose codec has answered SLIP_ESCRIPT: why. */
const char *slip_serializer_fault(const struct slip_client_box *box);

#endif
