#include "core/uri.h"

#include "core/limits.h"

#include <arpa/inet.h>
#include <sys/un.h>

/* What is being read: `rest` grows shorter from the front; the first failure ends it. */
struct reading {
  struct slip_span rest;
  struct slip_uri uri;
  const char *fault;
  struct slip_span got;
};

static bool fail(struct reading *r, const char *fault, struct slip_span got) {
  r->fault = fault;
  r->got = got;
  return false;
}

/* Where the first of `marks` is, or the size when there is none. */
static size_t find(struct slip_span text, const char *marks) {
  size_t size = text.size;
  for (; size > 0 && *marks != '\0'; marks++) {
    const char *found = memchr(text.at, *marks, size);
    if (found != NULL)
      size = (size_t)(found - text.at);
  }
  return size;
}

/* Takes what is before the first of `marks` off the front. */
static struct slip_span take(struct slip_span *text, const char *marks) {
  struct slip_span part = {text->at, find(*text, marks)};
  *text = slip_span_skip(*text, part.size);
  return part;
}

static bool begins_with(struct slip_span text, char mark) {
  return text.size > 0 && text.at[0] == mark;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* `name` is lower case; a scheme may be written in any case (RFC 3986 section 3.1). */
static bool is_scheme(struct slip_span scheme, const char *name) {
  if (scheme.size != strlen(name))
    return false;
  for (size_t i = 0; i < scheme.size; i++)
    if (scheme.at[i] != name[i] && !(is_letter(scheme.at[i]) && (scheme.at[i] | 0x20) == name[i]))
      return false;
  return true;
}

static bool check_escape(struct reading *r, struct slip_span text) {
  if (text.size >= 3 && is_hex(text.at[1]) && is_hex(text.at[2]))
    return true;
  size_t shown = text.size < 3 ? text.size : 3;
  return fail(r, "a % must stand before two hex digits", (struct slip_span){text.at, shown});
}

/* `[` and `]` pass: Phoenix nests query parameters with them, and browsers send them as they are.
 */
static bool check_character(struct reading *r, struct slip_span text) {
  uint8_t c = (uint8_t)text.at[0];
  struct slip_span nothing = {0};
  if (is_letter(text.at[0]) || is_digit(text.at[0]))
    return true; /* nearly all are */
  if (c == ' ' || c == '\t')
    return fail(r, "must hold no white space; write it as %20", nothing);
  if (c < 0x20 || c == 0x7f)
    return fail(r, "must hold no control character, such as a line end", nothing);
  if (c >= 0x80)
    return fail(r, "must hold ASCII only; percent-encode other characters", nothing);
  if (strchr("\"<>\\^`{|}", c) != NULL)
    return fail(r, "must hold no such character unless percent-encoded",
                (struct slip_span){text.at, 1});
  return c != '%' || check_escape(r, text);
}

static bool check_characters(struct reading *r) {
  for (size_t i = 0; i < r->rest.size; i++)
    if (!check_character(r, slip_span_skip(r->rest, i)))
      return false;
  if (find(r->rest, "#") == r->rest.size)
    return true;
  return fail(r, "must have no fragment", (struct slip_span){0}); /* which may be a token */
}

static bool read_scheme(struct reading *r) {
  struct slip_span begin = {r->rest.at, find(r->rest, "/?")};
  if (find(begin, "@") < begin.size)
    begin = (struct slip_span){0}; /* there may be a password in it */
  struct slip_span scheme = take(&r->rest, ":/?");
  if (r->rest.size < 3 || memcmp(r->rest.at, "://", 3) != 0)
    return fail(r, "must begin with ws:// or wss://", begin);
  r->rest = slip_span_skip(r->rest, 3);
  r->uri.is_secure = is_scheme(scheme, "wss");
  r->uri.port = r->uri.is_secure ? 443 : 80;
  if (is_scheme(scheme, "ws+unix"))
    r->uri.unix_path = (struct slip_span){r->rest.at, 0};
  else if (!r->uri.is_secure && !is_scheme(scheme, "ws"))
    return fail(r, "scheme must be ws or wss", scheme);
  return true;
}

/* The file before the first ':' and the resource behind it, as other clients write it. */
static bool read_unix_path(struct reading *r) {
  if (!begins_with(r->rest, '/'))
    return fail(r, "socket path must be absolute, as in ws+unix:///run/app.sock:/socket",
                (struct slip_span){r->rest.at, find(r->rest, "?")});
  r->uri.host = r->uri.authority = SLIP_SPAN("localhost");
  r->uri.unix_path = take(&r->rest, ":?");
  if (r->uri.unix_path.size >= sizeof((struct sockaddr_un *)0)->sun_path)
    return fail(r, "socket path must have at most 107 bytes", r->uri.unix_path);
  if (begins_with(r->rest, ':'))
    r->rest = slip_span_skip(r->rest, 1);
  if (r->rest.size > 0 && r->rest.at[0] != '/' && r->rest.at[0] != '?')
    return fail(r, "path behind the socket path must begin with /",
                (struct slip_span){r->rest.at, find(r->rest, "?")});
  return true;
}

static bool read_ipv6(struct reading *r, struct slip_span *authority) {
  struct slip_span bracketed = take(authority, "]");
  struct slip_span host = slip_span_skip(bracketed, 1);
  char text[INET6_ADDRSTRLEN] = {0};
  struct in6_addr address;
  if (authority->size == 0)
    return fail(r, "host must be closed with ]", bracketed);
  *authority = slip_span_skip(*authority, 1);
  if (host.size > 0 && host.size < sizeof text)
    memcpy(text, host.at, host.size);
  if (inet_pton(AF_INET6, text, &address) != 1)
    return fail(r, "host in brackets must be an IPv6 address", host);
  r->uri.host = host;
  return true;
}

/* DNS names take letters, digits and hyphens; the underscore is common in private networks. */
static bool read_name(struct reading *r, struct slip_span *authority) {
  struct slip_span host = take(authority, ":");
  if (host.size == 0)
    return fail(r, "host is missing", (struct slip_span){0});
  if (host.size > 253)
    return fail(r, "host must have at most 253 characters", host);
  for (size_t i = 0; i < host.size; i++) {
    char c = host.at[i];
    if (!is_letter(c) && !is_digit(c) && c != '-' && c != '.' && c != '_')
      return fail(r, "host must be a name or an address", host);
  }
  r->uri.host = host;
  return true;
}

/* "host:" without a port is legal, and means the default (RFC 3986 section 3.2.3). */
static bool read_port(struct reading *r, struct slip_span port) {
  uint32_t number = 0;
  for (size_t i = 0; i < port.size; i++) {
    number = is_digit(port.at[i]) ? number * 10 + (uint32_t)(port.at[i] - '0') : UINT32_MAX;
    if (number > UINT16_MAX)
      return fail(r, "port must be a number from 1 to 65535", port);
  }
  if (port.size > 0 && number == 0)
    return fail(r, "port must be a number from 1 to 65535", port);
  if (port.size > 0)
    r->uri.port = (uint16_t)number;
  else
    r->uri.authority.size--; /* without the colon */
  return true;
}

static bool read_authority(struct reading *r) {
  struct slip_span authority = take(&r->rest, "/?");
  r->uri.authority = authority;
  if (find(authority, "@") < authority.size)
    return fail(r, "must hold no user info; send it in params or headers", (struct slip_span){0});
  bool is_read = begins_with(authority, '[') ? read_ipv6(r, &authority) : read_name(r, &authority);
  if (!is_read || authority.size == 0)
    return is_read;
  if (authority.at[0] != ':')
    return fail(r, "host must end at ]", r->uri.authority);
  return read_port(r, slip_span_skip(authority, 1));
}

static bool read_parts(struct reading *r) {
  if (!check_characters(r) || !read_scheme(r))
    return false;
  bool is_unix = !slip_span_is_absent(r->uri.unix_path);
  if (!(is_unix ? read_unix_path(r) : read_authority(r)))
    return false;
  r->uri.resource = r->rest;
  r->uri.path = take(&r->rest, "?");
  if (r->rest.size > 0)
    r->uri.query = slip_span_skip(r->rest, 1);
  return true;
}

enum slip_err slip_uri_read(struct slip_span text, struct slip_uri *out, const char **fault,
                            struct slip_span *got) {
  struct reading r = {.rest = text};
  if (text.size > SLIP_URI_MAX) {
    *fault = "must have at most 65536 bytes";
    *got = (struct slip_span){0};
    return SLIP_ETOOBIG;
  }
  if (!read_parts(&r)) {
    *fault = r.fault;
    *got = r.got;
    return SLIP_EINVAL;
  }
  *out = r.uri;
  return SLIP_OK;
}
