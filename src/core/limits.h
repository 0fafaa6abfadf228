#ifndef SLIP_CORE_LIMITS_H
#define SLIP_CORE_LIMITS_H
/*
 * Limits: the maximum of every buffer, queue and wait that no option sets.
 * Reaching one is an error, and each has its test.
 */

/* The head of the answer to our upgrade, status line and headers together. */
#define SLIP_UPGRADE_HEAD_MAX (64u * 1024)
/* What is kept of the body of a refused upgrade, to be shown. */
#define SLIP_UPGRADE_BODY_MAX (16u * 1024)
/* The head of a request to the embedded server, its token and query among it. */
#define SLIP_REQUEST_HEAD_MAX (16u * 1024)
/* The head of a proxy's answer to CONNECT. */
#define SLIP_TUNNEL_HEAD_MAX (16u * 1024)
/* A URI, and so the request line; signed tokens in queries pass 2 kB. */
#define SLIP_URI_MAX (64u * 1024)
/* The most topics that one session keeps, closed ones that may rejoin included. */
#define SLIP_TOPICS_MAX 10000u
/* The most requests in flight (pushes, joins, leaves, a heartbeat) of one session. */
#define SLIP_PENDING_MAX 100000u
/* The most pushes of one session that may wait for their topics, whatever max_buffered_pushes. */
#define SLIP_BUFFERED_PUSHES_MAX 10000u
/* How deep JSON may nest, in both directions. */
#define SLIP_JSON_DEPTH_MAX 512u
/* Steps of a back-off table. */
#define SLIP_BACKOFF_STEPS_MAX 32u
/* The most addresses of one name that are tried. */
#define SLIP_RACE_MAX 32u
/* How long the peer may take to answer our close frame (RFC 6455 section 7.1.1), and to end TCP
 * after it. */
#define SLIP_CLOSE_TIMEOUT_MSEC 5000u
/* The most seconds that a server's Retry-After keeps us away. */
#define SLIP_RETRY_AFTER_MAX 3600u
/* The most redirects of an upgrade that are followed in one attempt. */
#define SLIP_REDIRECTS_MAX 3u
/* How long a dial may wait for its turn: long enough for a hundred thousand clients to start. */
#define SLIP_QUEUE_TIMEOUT_MSEC 60000u

#endif
