#ifndef SLIP_NET_TLS_H
#define SLIP_NET_TLS_H
/*
 * Tls: the settings of TLS connections, made once for all the clients that share them.
 *
 * Counted: `new` gives one count, each stream holds one. tls_stream.h has the stream itself.
 *
 * With them go the tickets that servers give: with one, a later connection to the same server is
 * resumed: no certificates, less work and memory for both (RFC 8446 section 2.2).
 */
#include "core/err.h"
#include "core/span.h"

#include <stdbool.h>

struct slip_tls_config;

struct slip_tls_settings {
  const char *ca_file;   /* PEM; NULL: the system's CAs */
  const char *cert_file; /* PEM, a client certificate chain; NULL: none */
  const char *key_file;  /* PEM; NULL: none */
  const char
      *server_name; /* for SNI and verification instead of the dialled host; NULL: the host */
  const char *min_version; /* "1.2" (also when NULL) or "1.3" */
  bool verify;
  bool resume; /* sessions that connections with these settings have left */
};

/* SLIP_EINVAL with *fault in words, written into `text` ("ca_file: /x: No such file or directory").
 * SLIP_ENOMEM. */
SLIP_CHECKED enum slip_err slip_tls_config_new(const struct slip_tls_settings *settings, char *text,
                                               size_t text_size, struct slip_tls_config **out);
struct slip_tls_config *slip_tls_config_hold(struct slip_tls_config *config);
void slip_tls_config_release(struct slip_tls_config *config); /* NULL is fine */

#endif
