/*
 * The laws: what is packed is unpacked to the same, message after message, under any terms (the
 * first byte says which); and whatever else is unpacked stays within the limit.
 */
#include "core/deflate.h"

#include <stdlib.h>

#define LIMIT 5000

#define CHECK(x)                                                                                   \
  if (!(x))                                                                                        \
  abort()

static struct slip_extension terms_of(uint8_t byte) {
  return (struct slip_extension){.is_on = true,
                                 .server_no_context_takeover = (byte & 8) != 0,
                                 .client_no_context_takeover = (byte & 16) != 0,
                                 .server_max_window_bits = 15,
                                 .client_max_window_bits = (uint8_t)(9 + (byte & 7) % 7)};
}

static void carry(struct slip_deflate *from, struct slip_deflate *to, struct slip_span message) {
  struct slip_span packed, out;
  CHECK(slip_deflate_pack(from, message, &packed) == SLIP_OK);
  CHECK(slip_deflate_unpack(to, packed, message.size, &out) == SLIP_OK);
  CHECK(slip_span_is_equal(out, message));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  struct slip_extension terms = terms_of(data[0]);
  struct slip_deflate *client, *server;
  CHECK(slip_deflate_new(&terms, 1 + data[0] % 9, &client) == SLIP_OK);
  terms.server_no_context_takeover = terms.client_no_context_takeover;
  CHECK(slip_deflate_new(&terms, 6, &server) == SLIP_OK);
  struct slip_span rest = {(const char *)data + 1, size - 1}, out;
  struct slip_span first = {rest.at, rest.size / 3};
  carry(client, server, first);
  carry(client, server, slip_span_skip(rest, first.size));
  carry(client, server, rest);
  if (slip_deflate_unpack(client, rest, LIMIT, &out) == SLIP_OK)
    CHECK(out.size <= LIMIT);
  slip_deflate_free(client);
  slip_deflate_free(server);
  return 0;
}
