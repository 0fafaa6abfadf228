#include "net/target.h"

#include "net/tls.h"

#include <stdlib.h>

struct kept {
  struct slip_target target; /* first: a kept target is its target */
  struct slip_proxy proxy[]; /* when it has one, and behind that the texts */
};

/* Moves the text to *room, and *room behind it. */
static void move(struct slip_span *text, char **room) {
  if (slip_span_is_absent(*text))
    return;
  memcpy(*room, text->at, text->size);
  text->at = *room;
  *room += text->size;
}

static size_t size_of(const struct slip_target *target) {
  const struct slip_proxy *proxy = target->proxy;
  size_t size = sizeof(struct kept) + target->host.size + target->local_address.size;
  return proxy == NULL ? size : size + sizeof *proxy + proxy->host.size + proxy->credentials.size;
}

enum slip_err slip_target_new(const struct slip_target *from, struct slip_target **out) {
  struct kept *kept = malloc(size_of(from));
  if (kept == NULL)
    return SLIP_ENOMEM;
  char *room = (char *)(kept->proxy + (from->proxy != NULL ? 1 : 0));
  struct slip_target *target = &kept->target;
  *target = *from;
  move(&target->host, &room);
  move(&target->local_address, &room);
  if (target->tls != NULL)
    target->tls = slip_tls_config_hold(target->tls);
  if (target->proxy != NULL) {
    kept->proxy[0] = *target->proxy;
    move(&kept->proxy[0].host, &room);
    move(&kept->proxy[0].credentials, &room);
    target->proxy = kept->proxy;
  }
  *out = target;
  return SLIP_OK;
}

void slip_target_free(struct slip_target *target) {
  if (target == NULL)
    return;
  slip_tls_config_release(target->tls);
  free(target);
}
