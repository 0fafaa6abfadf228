#include "net/tunnel.h"

#include "core/tunnel.h"
#include "net/tcp.h"

#include <assert.h>
#include <stdlib.h>

struct tunnel {
  struct slip_stream *stream; /* the TCP stream, whose owner we are */
  struct slip_stream own;     /* what it gets back: its makers' table, its handler and owner */
  struct slip_buf request;
  struct slip_tunnel_reader reader;
  bool is_told; /* the owner knows of the stage */
  bool is_busy; /* in `end`, which then frees */
  bool has_ended;
  bool is_closed;
};

static void tunnel_free(struct tunnel *tunnel) {
  slip_buf_clear(&tunnel->request);
  slip_tunnel_reader_clear(&tunnel->reader);
  free(tunnel);
}

static void stand_aside(struct tunnel *tunnel) {
  *tunnel->stream = tunnel->own;
}

/* Ends. */

static void end(struct tunnel *tunnel, struct slip_reason reason) {
  reason.kind = SLIP_REASON_CONNECT_FAILED;
  reason.stage = SLIP_STAGE_PROXY;
  tunnel->has_ended = true;
  tunnel->is_busy = true; /* the reason may borrow from the reader, which a close must not free */
  tunnel->own.handler->ended(tunnel->own.owner, &reason);
  tunnel->is_busy = false;
  if (tunnel->is_closed)
    tunnel_free(tunnel);
}

static void refuse(struct tunnel *tunnel) {
  const struct slip_http_head *head = &tunnel->reader.head;
  end(tunnel, (struct slip_reason){.status = head->status,
                                   .text = slip_http_head_reason(head),
                                   .headers = slip_http_head_headers(head)});
}

/* What TCP says. */

static void on_stage(void *owner, enum slip_stage stage) {
  struct tunnel *tunnel = owner;
  (void)stage; /* of the way to the proxy */
  if (tunnel->is_told)
    return;
  tunnel->is_told = true;
  tunnel->own.handler->stage(tunnel->own.owner, SLIP_STAGE_PROXY);
}

static void on_opened(void *owner) {
  struct tunnel *tunnel = owner;
  slip_tcp_push(tunnel->stream, slip_buf_span(&tunnel->request));
  slip_buf_clear(&tunnel->request);
}

/* `rest` is from behind the proxy already. */
static void open_up(struct tunnel *tunnel, struct slip_span rest) {
  struct slip_stream *stream = tunnel->stream;
  stand_aside(tunnel);
  tunnel_free(tunnel);
  stream->handler->opened(stream->owner);
  slip_tcp_hand_on(stream, rest);
}

static void on_received(void *owner, struct slip_span bytes) {
  struct tunnel *tunnel = owner;
  bool is_done;
  if (tunnel->has_ended)
    return;
  enum slip_err err = slip_tunnel_reader_feed(&tunnel->reader, &bytes, &is_done);
  if (err != SLIP_OK)
    end(tunnel, (struct slip_reason){.text = slip_span_of(tunnel->reader.fault)});
  else if (is_done && slip_tunnel_reader_is_open(&tunnel->reader))
    open_up(tunnel, bytes);
  else if (is_done)
    refuse(tunnel);
}

/* The request is sent, however slowly; the owner has written nothing. */
static void on_drained(void *owner) {
  (void)owner;
}

static void on_ended(void *owner, const struct slip_reason *reason) {
  struct tunnel *tunnel = owner;
  if (tunnel->has_ended)
    return;
  struct slip_span text = reason->text;
  if (text.size == 0)
    text = SLIP_SPAN("it closed the connection before it answered");
  end(tunnel, (struct slip_reason){.text = text});
}

/* What the owner asks for. */

static size_t tunnel_write(struct slip_stream *stream, struct slip_span bytes) {
  (void)stream;
  (void)bytes;
  assert(false); /* nothing may be written before `opened` */
  return 0;
}

static void tunnel_close(struct slip_stream *stream, bool is_graceful) {
  struct tunnel *tunnel = stream->owner;
  stand_aside(tunnel);
  tunnel->is_closed = true;
  if (!tunnel->is_busy)
    tunnel_free(tunnel);
  slip_stream_close(stream, is_graceful);
}

/* Dialling. */

static enum slip_err write_request(struct tunnel *tunnel, const struct slip_target *target) {
  const struct slip_tunnel_request request = {
      .host = target->host, .port = target->port, .credentials = target->proxy->credentials};
  return slip_tunnel_write(&request, &tunnel->request);
}

static enum slip_err dial_proxy(struct slip_network *network, const struct slip_target *target,
                                struct tunnel *tunnel) {
  static const struct slip_stream_handler handler = {on_stage,   on_opened, on_received,
                                                     on_drained, on_ended,  NULL};
  const struct slip_target proxy = {
      .host = target->proxy->host,
      .port = target->proxy->port,
      .local_address = target->local_address,
  };
  enum slip_err err = write_request(tunnel, target);
  return err == SLIP_OK ? slip_tcp_dial(network, &proxy, &handler, tunnel, &tunnel->stream) : err;
}

enum slip_err slip_tunnel_dial(struct slip_network *network, const struct slip_target *target,
                               const struct slip_stream_handler *handler, void *owner,
                               struct slip_stream **out) {
  static const struct slip_stream_ops ops = {tunnel_write, tunnel_close};
  if (target->proxy == NULL)
    return slip_tcp_dial(network, target, handler, owner, out);
  struct tunnel *tunnel = calloc(1, sizeof *tunnel);
  if (tunnel == NULL)
    return SLIP_ENOMEM;
  slip_tunnel_reader_init(&tunnel->reader);
  enum slip_err err = dial_proxy(network, target, tunnel);
  if (err != SLIP_OK) {
    tunnel_free(tunnel);
    return err;
  }
  tunnel->own = (struct slip_stream){tunnel->stream->ops, handler, owner};
  tunnel->stream->ops = &ops;
  *out = tunnel->stream;
  return SLIP_OK;
}
