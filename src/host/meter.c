#include "host/meter.h"

void slip_timing_add(struct slip_timing *timing, uint64_t usec) {
  slip_histogram_record(&timing->histogram, usec);
  timing->usec += usec;
}

static void count_reason(uint64_t counts[SLIP_REASON_COUNT], const struct slip_event *event) {
  if (event->reason != NULL) /* a first attempt has none */
    counts[event->reason->kind]++;
}

static void note_reply(struct slip_meter *meter, const struct slip_event *event) {
  if (event->reason != NULL)
    meter->unanswered[event->reason->kind]++;
  else if (slip_span_is_absent(event->topic))
    meter->timeouts++;
  else if (event->wait_msec != SLIP_WAIT_LONG)
    slip_timing_add(&meter->replies, (uint64_t)event->wait_msec * 1000);
}

void slip_meter_note(struct slip_meter *meter, const struct slip_event *event) {
  switch (event->kind) {
  case SLIP_EVENT_CONNECT_DUE:
    count_reason(meter->reconnects, event);
    break;
  case SLIP_EVENT_DISCONNECTED:
    count_reason(meter->disconnects, event);
    break;
  case SLIP_EVENT_TOPIC_CLOSED:
    count_reason(meter->topics_closed, event);
    break;
  case SLIP_EVENT_JOINED:
    meter->joins++;
    break;
  case SLIP_EVENT_LEFT:
    meter->leaves++;
    break;
  case SLIP_EVENT_REPLY:
    note_reply(meter, event);
    break;
  default:
    break;
  }
}
