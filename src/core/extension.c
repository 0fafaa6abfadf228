#include "core/extension.h"

#include "core/http_header.h"

#define WINDOW_BITS_LEAST 8

#define NAME "permessage-deflate"
#define SERVER_NO_TAKEOVER "server_no_context_takeover"
#define CLIENT_NO_TAKEOVER "client_no_context_takeover"
#define SERVER_BITS "server_max_window_bits"
#define CLIENT_BITS "client_max_window_bits"

/* The offer. */

static enum slip_err put_bits(struct slip_buf *out, struct slip_span name, uint8_t bits) {
  char digits[] = {'=', '1', (char)('0' + bits % 10)};
  enum slip_err err = slip_buf_append(out, name);
  if (err != SLIP_OK || bits == 0)
    return err;
  if (bits < 10) {
    digits[1] = digits[2];
    return slip_buf_append(out, (struct slip_span){digits, 2});
  }
  return slip_buf_append(out, (struct slip_span){digits, 3});
}

enum slip_err slip_extension_write(const struct slip_extension *offer, struct slip_buf *out) {
  size_t before = out->size;
  enum slip_err err = slip_buf_append(out, SLIP_SPAN(NAME));
  if (err == SLIP_OK && offer->server_no_context_takeover)
    err = slip_buf_append(out, SLIP_SPAN("; " SERVER_NO_TAKEOVER));
  if (err == SLIP_OK && offer->client_no_context_takeover)
    err = slip_buf_append(out, SLIP_SPAN("; " CLIENT_NO_TAKEOVER));
  if (err == SLIP_OK && offer->server_max_window_bits != 0)
    err = put_bits(out, SLIP_SPAN("; " SERVER_BITS), offer->server_max_window_bits);
  if (err == SLIP_OK) /* without a value it says that the server may set our window */
    err = put_bits(out, SLIP_SPAN("; " CLIENT_BITS), offer->client_max_window_bits);
  if (err != SLIP_OK)
    slip_buf_truncate(out, before);
  return err;
}

/* The answer. */

/* A decimal number without leading zeros; 0 when it is none from 8 to 15. */
static uint8_t read_bits(struct slip_span text) {
  if (text.size == 1 && text.at[0] >= '8' && text.at[0] <= '9')
    return (uint8_t)(text.at[0] - '0');
  if (text.size == 2 && text.at[0] == '1' && text.at[1] >= '0' && text.at[1] <= '5')
    return (uint8_t)(10 + text.at[1] - '0');
  return 0;
}

static const char *take_flag(const struct slip_header *parameter, bool *flag) {
  if (*flag)
    return "the server's answer has a parameter of " NAME " twice";
  if (!slip_span_is_absent(parameter->value))
    return "the server's answer gives a value to a parameter of " NAME " that has none";
  *flag = true;
  return NULL;
}

static const char *take_bits(const struct slip_header *parameter, uint8_t *bits) {
  if (*bits != 0)
    return "the server's answer has a parameter of " NAME " twice";
  *bits = read_bits(parameter->value);
  return *bits != 0 ? NULL : "the server's answer has window bits that are not from 8 to 15";
}

static const char *take_parameter(const struct slip_header *parameter, struct slip_extension *out) {
  if (slip_http_is_same(parameter->name, SLIP_SPAN(SERVER_NO_TAKEOVER)))
    return take_flag(parameter, &out->server_no_context_takeover);
  if (slip_http_is_same(parameter->name, SLIP_SPAN(CLIENT_NO_TAKEOVER)))
    return take_flag(parameter, &out->client_no_context_takeover);
  if (slip_http_is_same(parameter->name, SLIP_SPAN(SERVER_BITS)))
    return take_bits(parameter, &out->server_max_window_bits);
  if (slip_http_is_same(parameter->name, SLIP_SPAN(CLIENT_BITS)))
    return take_bits(parameter, &out->client_max_window_bits);
  return "the server's answer has a parameter of " NAME " that does not exist";
}

/* "name" or "name=value", the value perhaps in quotes. */
static struct slip_header split_parameter(struct slip_span text) {
  bool has_value = memchr(text.at, '=', text.size) != NULL;
  struct slip_header out = {.value = has_value ? SLIP_SPAN("") : (struct slip_span){0}};
  slip_http_part_next(&text, '=', &out.name);
  slip_http_part_next(&text, '\0', &out.value); /* the rest */
  struct slip_span value = out.value;
  if (value.size >= 2 && value.at[0] == '"' && value.at[value.size - 1] == '"')
    out.value = (struct slip_span){value.at + 1, value.size - 2};
  return out;
}

/* One item of the list: an extension with its parameters. */
static const char *take_item(struct slip_span item, struct slip_extension *out) {
  struct slip_span part;
  if (!slip_http_part_next(&item, ';', &part) || !slip_http_is_same(part, SLIP_SPAN(NAME)))
    return "the server chose an extension that was not offered";
  if (out->is_on)
    return "the server's answer takes up " NAME " twice";
  out->is_on = true;
  const char *fault = NULL;
  while (fault == NULL && slip_http_part_next(&item, ';', &part)) {
    struct slip_header parameter = split_parameter(part);
    fault = take_parameter(&parameter, out);
  }
  return fault;
}

static const char *take_list(struct slip_span list, struct slip_extension *out) {
  struct slip_span item;
  const char *fault = NULL;
  while (fault == NULL && slip_http_item_next(&list, &item))
    fault = take_item(item, out);
  return fault;
}

static bool is_beyond(uint8_t bits, uint8_t offered) {
  return offered != 0 && bits > offered;
}

/* Sections 7.1.1 and 7.1.2: an answer may ask for less than was offered, and never for more. */
static const char *fault_of(const struct slip_extension *offer,
                            const struct slip_extension *answer) {
  uint8_t server_bits = answer->server_max_window_bits;
  if (offer->server_no_context_takeover && !answer->server_no_context_takeover)
    return "the server wants to keep its context between messages, which it was asked not to";
  if (is_beyond(server_bits == 0 ? SLIP_WINDOW_BITS_MAX : server_bits,
                offer->server_max_window_bits))
    return "the server wants a larger window than it was asked for";
  if (is_beyond(answer->client_max_window_bits, offer->client_max_window_bits))
    return "the server allows us a larger window than was offered";
  if (answer->client_max_window_bits == WINDOW_BITS_LEAST)
    return "the server asks for a window of 8 bits, which zlib cannot compress for";
  return NULL;
}

static uint8_t bits_or(uint8_t bits, uint8_t otherwise) {
  return bits != 0 ? bits : otherwise;
}

/* What the server left open is as we offered it, and else as the RFC has it. */
static void complete(struct slip_extension *agreed, const struct slip_extension *offer) {
  agreed->client_no_context_takeover |= offer->client_no_context_takeover;
  agreed->server_max_window_bits = bits_or(agreed->server_max_window_bits, SLIP_WINDOW_BITS_MAX);
  agreed->client_max_window_bits = bits_or(
      agreed->client_max_window_bits, bits_or(offer->client_max_window_bits, SLIP_WINDOW_BITS_MAX));
}

const char *slip_extension_read(const struct slip_extension *offer, struct slip_span headers,
                                struct slip_extension *agreed) {
  struct slip_extension answer = {0};
  struct slip_header header;
  const char *fault = NULL;
  while (fault == NULL && slip_upgrade_header_next(&headers, &header))
    if (slip_http_is_same(header.name, SLIP_SPAN("Sec-WebSocket-Extensions")))
      fault = take_list(header.value, &answer);
  if (fault == NULL && answer.is_on)
    fault = offer->is_on ? fault_of(offer, &answer)
                         : "the server chose an extension that was not offered";
  if (fault != NULL)
    return fault;
  if (answer.is_on)
    complete(&answer, offer);
  *agreed = answer;
  return NULL;
}
