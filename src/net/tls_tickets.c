#include "net/tls_tickets.h"

#include <stdlib.h>
#include <time.h>

struct slip_tls_ticket {
  struct slip_tls_ticket *older;
  SSL_SESSION *session; /* owned, until it is taken */
  time_t ends_at;
  uint16_t port;
  size_t host_size;
  char host[];
};

/* Where there is none, it binds nobody; where its time cannot be read, it has ended. */
static time_t end_of_certificate(const X509 *certificate, time_t otherwise) {
  int days = 0, seconds = 0;
  if (certificate == NULL)
    return otherwise;
  (void)ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate));
  return time(NULL) + (time_t)days * 86400 + seconds;
}

/* A resumed session is not verified again: it must not outlive the server's certificate. */
static time_t end_of(SSL_SESSION *session) {
  unsigned long hint = SSL_SESSION_get_ticket_lifetime_hint(session); /* 0: the server gave none */
  long life = hint != 0 ? (long)hint : SSL_SESSION_get_timeout(session);
  time_t own = SSL_SESSION_get_time(session) + life;
  time_t most = end_of_certificate(SSL_SESSION_get0_peer(session), own);
  return own < most ? own : most;
}

/* Takes it off its list; answers its session. */
static SSL_SESSION *unlink_ticket(struct slip_tls_ticket **at) {
  struct slip_tls_ticket *ticket = *at;
  SSL_SESSION *session = ticket->session;
  *at = ticket->older;
  free(ticket);
  return session;
}

/* The session is still a connection's, too, whose failure may have spoilt it. */
static bool is_good(const struct slip_tls_ticket *ticket, time_t now) {
  return now < ticket->ends_at && SSL_SESSION_is_resumable(ticket->session);
}

static void prune(struct slip_tls_tickets *tickets) {
  time_t now = time(NULL);
  size_t count = 0;
  struct slip_tls_ticket **at = &tickets->newest;
  while (*at != NULL) {
    if (count < SLIP_TLS_TICKETS_MOST && is_good(*at, now)) {
      count++;
      at = &(*at)->older;
    } else {
      SSL_SESSION_free(unlink_ticket(at));
    }
  }
}

bool slip_tls_tickets_put(struct slip_tls_tickets *tickets, struct slip_span host, uint16_t port,
                          SSL_SESSION *session) {
  struct slip_tls_ticket *ticket = malloc(sizeof *ticket + host.size);
  if (ticket == NULL)
    return false;
  *ticket = (struct slip_tls_ticket){.older = tickets->newest,
                                     .session = session,
                                     .ends_at = end_of(session),
                                     .port = port,
                                     .host_size = host.size};
  memcpy(ticket->host, host.at, host.size);
  tickets->newest = ticket;
  prune(tickets);
  return true;
}

static bool is_of(const struct slip_tls_ticket *ticket, struct slip_span host, uint16_t port) {
  const struct slip_span its_host = {ticket->host, ticket->host_size};
  return ticket->port == port && slip_span_is_equal(its_host, host);
}

SSL_SESSION *slip_tls_tickets_take(struct slip_tls_tickets *tickets, struct slip_span host,
                                   uint16_t port) {
  prune(tickets);
  struct slip_tls_ticket **at = &tickets->newest;
  while (*at != NULL && !is_of(*at, host, port))
    at = &(*at)->older;
  return *at != NULL ? unlink_ticket(at) : NULL;
}

void slip_tls_tickets_clear(struct slip_tls_tickets *tickets) {
  while (tickets->newest != NULL)
    SSL_SESSION_free(unlink_ticket(&tickets->newest));
}
