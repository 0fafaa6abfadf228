/*
 * A client of libwebsockets' own, for docs/why-not-libwebsockets-for-the-client.md: what such a
 * client sees, and what it costs. Run as
 *
 *   lws_client look uri=ws://127.0.0.1:PORT/...               says how the connection ends
 *   lws_client echo uri=ws://127.0.0.1:PORT/... count=N in_flight=N idle=N uv=1
 *                                     pushes with a reply, so many at a time, while `idle` others
 *                                     are open; on libuv with `uv`, else on its own poll loop
 *   lws_client timers count=N         sets timers, none of which gets due
 *
 * `look` prints "refused: TEXT" or "closed: CODE"; the others the user and system time of this
 * process in microseconds for one of `count`.
 */
#include "gauge.h"

#include <err.h>
#include <libwebsockets.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { MESSAGE_MAX = 128, FAR_USEC = 1000000000 };

struct client {
  struct lws_context *context;
  const char *path;
  uint16_t port;
  bool looks;
  bool is_over;
  size_t count, in_flight, idle, opened;
  size_t sent, heard;  /* the join and its reply are the first */
  struct lws *speaker; /* the last one to open; it pushes */
  struct gauge started;
};

static void dial(struct client *client) {
  struct lws_client_connect_info info = {
      .context = client->context,
      .address = "127.0.0.1",
      .host = "127.0.0.1",
      .origin = "127.0.0.1",
      .port = client->port,
      .path = client->path,
      .local_protocol_name = "any",
  };
  if (lws_client_connect_via_info(&info) == NULL)
    errx(EXIT_FAILURE, "cannot dial");
}

static bool wants_to_speak(const struct client *client) {
  return client->sent <= client->count && client->sent - client->heard < client->in_flight;
}

static void say(struct client *client, struct lws *wsi) {
  static const char join[] = "[\"1\",\"%zu\",\"room:1\",\"phx_join\",{}]";
  static const char push[] = "[\"1\",\"%zu\",\"room:1\",\"echo\",{\"at\":1}]";
  unsigned char buffer[LWS_PRE + MESSAGE_MAX];
  char *text = (char *)buffer + LWS_PRE;
  client->sent++;
  int size = client->sent == 1 ? snprintf(text, MESSAGE_MAX, join, client->sent)
                               : snprintf(text, MESSAGE_MAX, push, client->sent);
  if (lws_write(wsi, buffer + LWS_PRE, (size_t)size, LWS_WRITE_TEXT) < size)
    errx(EXIT_FAILURE, "cannot write");
  if (client->heard > 0 && wants_to_speak(client))
    lws_callback_on_writable(wsi);
}

/* The reply to the join begins what is measured, that to the last push ends it. */
static void hear(struct client *client, struct lws *wsi) {
  client->heard++;
  if (client->heard == 1)
    client->started = gauge_now();
  if (client->heard > client->count)
    client->is_over = true;
  else if (wants_to_speak(client))
    lws_callback_on_writable(wsi);
}

static void opened(struct client *client, struct lws *wsi) {
  if (++client->opened <= client->idle) {
    dial(client);
  } else if (!client->looks) {
    client->speaker = wsi;
    lws_callback_on_writable(wsi);
  }
}

static void ended(struct client *client, const char *how, const char *why, int size) {
  if (!client->looks)
    errx(EXIT_FAILURE, "%s: %.*s", how, size, why);
  printf("%s: %.*s\n", how, size, why);
  client->is_over = true;
}

static void closed(struct client *client, const unsigned char *body, size_t size) {
  char code[16];
  int length = snprintf(code, sizeof code, "%d", size < 2 ? 0 : body[0] << 8 | body[1]);
  ended(client, "closed", code, length);
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size) {
  struct client *client = lws_context_user(lws_get_context(wsi));
  (void)user;
  switch ((int)reason) {
  case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    ended(client, "refused", in == NULL ? "" : in, (int)size);
    break;
  case LWS_CALLBACK_CLIENT_ESTABLISHED:
    opened(client, wsi);
    break;
  case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
    closed(client, in, size);
    break;
  case LWS_CALLBACK_CLIENT_RECEIVE:
    if (wsi == client->speaker)
      hear(client, wsi);
    break;
  case LWS_CALLBACK_CLIENT_WRITEABLE:
    if (wsi == client->speaker)
      say(client, wsi);
    break;
  default:
    break;
  }
  return 0;
}

static bool service(struct client *client, uv_loop_t *loop) {
  if (loop == NULL)
    return lws_service(client->context, 0) >= 0;
  return uv_run(loop, UV_RUN_ONCE) != 0;
}

static void converse(struct client *client, uv_loop_t *loop) {
  dial(client);
  while (!client->is_over && service(client, loop)) {
  }
}

static void never(lws_sorted_usec_list_t *timer) {
  (void)timer;
}

static void set_timers(struct client *client) {
  lws_sorted_usec_list_t *timers = calloc(client->count, sizeof *timers);
  if (timers == NULL)
    errx(EXIT_FAILURE, "not enough memory");
  client->started = gauge_now();
  for (size_t i = 0; i < client->count; i++)
    lws_sul_schedule(client->context, 0, &timers[i], never, FAR_USEC + (lws_usec_t)i);
  gauge_print(&client->started, client->count);
  for (size_t i = 0; i < client->count; i++)
    lws_sul_schedule(client->context, 0, &timers[i], never, LWS_SET_TIMER_USEC_CANCEL);
  free(timers);
}

/* What stands behind the port. */
static const char *path_of(char **words) {
  for (; *words != NULL; words++) {
    const char *slash = strncmp(*words, "uri=ws://", 9) == 0 ? strchr(*words + 9, '/') : NULL;
    if (slash != NULL)
      return slash;
  }
  return "/";
}

int main(int argc, char **argv) {
  static const struct lws_protocols protocols[] = {
      {.name = "any", .callback = on_event, .rx_buffer_size = 4096},
      {.name = NULL},
  };
  if (argc < 2)
    errx(EXIT_FAILURE, "usage: lws_client look|echo|timers [uri=URI] [count=N] [idle=N]");
  struct client client = {
      .port = gauge_port(argv, "uri"),
      .path = path_of(argv),
      .looks = strcmp(argv[1], "look") == 0,
      .count = gauge_number(argv, "count", 1),
      .in_flight = gauge_number(argv, "in_flight", 1),
      .idle = gauge_number(argv, "idle", 0),
  };
  struct lws_context_creation_info info = {
      .port = CONTEXT_PORT_NO_LISTEN, .protocols = protocols, .user = &client};
  uv_loop_t *loop = gauge_number(argv, "uv", 0) == 0 ? NULL : uv_default_loop();
  void *loops[] = {loop};
  if (loop != NULL) {
    info.options = LWS_SERVER_OPTION_LIBUV;
    info.foreign_loops = loops;
  }
  lws_set_log_level(0, NULL);
  client.context = lws_create_context(&info);
  if (client.context == NULL)
    errx(EXIT_FAILURE, "no context");
  if (strcmp(argv[1], "timers") == 0)
    set_timers(&client);
  else
    converse(&client, loop);
  if (client.speaker != NULL)
    gauge_print(&client.started, client.count);
  lws_context_destroy(client.context);
  return EXIT_SUCCESS;
}
