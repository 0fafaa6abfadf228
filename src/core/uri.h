#ifndef SLIP_CORE_URI_H
#define SLIP_CORE_URI_H
/*
 * Uri: reads where a client shall connect (RFC 3986, RFC 6455 section 3).
 *
 * Pure; owns nothing: the parts are borrowed from the text that was read.
 */
#include "core/err.h"
#include "core/span.h"

#include <stdint.h>

struct slip_uri {
  bool is_secure;             /* wss */
  struct slip_span host;      /* without the brackets of an IPv6 address; "localhost" of ws+unix */
  uint16_t port;              /* 80 or 443 when the text names none */
  struct slip_span authority; /* host and port as they were, for Host; "localhost" of ws+unix */
  struct slip_span resource;  /* all behind it: path and query */
  struct slip_span path;      /* from the first '/'; empty when there is none (send "/") */
  struct slip_span query;     /* behind '?', as it was; absent when there is none */
  struct slip_span unix_path; /* of ws+unix:///path:/resource; absent otherwise */
};

/*
 * Reads a ws://, wss:// or ws+unix:// URI; nothing in it is decoded. On an error *fault says in
 * words what is wrong with which part (static), and *got is the part meant, borrowed from `text`,
 * to be shown behind ", got ": "scheme must be ws or wss" and "http". *got is absent where it would
 * not help or must not be shown, such as a control character or a password.
 * SLIP_EINVAL: a scheme, port, host or character that cannot be, white space, control characters
 * (CR and LF would be a second request), user info, a fragment. SLIP_ETOOBIG: over SLIP_URI_MAX.
 */
SLIP_CHECKED enum slip_err slip_uri_read(struct slip_span text, struct slip_uri *out,
                                         const char **fault, struct slip_span *got);

#endif
