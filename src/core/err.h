#ifndef SLIP_CORE_ERR_H
#define SLIP_CORE_ERR_H
/*
 * Err: the one way in which C functions of ours fail.
 *
 * A function that can fail returns `enum slip_err` and nothing else; its results
 * go through the last parameters and are untouched on failure.
 */
#define SLIP_CHECKED __attribute__((warn_unused_result))

enum slip_err {
  SLIP_OK = 0,
  SLIP_ENOMEM,     /* no memory */
  SLIP_ETOOBIG,    /* longer than a limit or than a field of the format holds */
  SLIP_EMALFORMED, /* the bytes are not what the format asks for */
  SLIP_EUTF8,      /* text that is not UTF-8 (RFC 3629) */
  SLIP_EINVAL,     /* a value of the caller's that cannot be sent, such as CR in a header */
  SLIP_ESTATE,     /* not now: the state does not allow it */
  SLIP_EFULL,      /* a bounded queue has no room left */
  SLIP_ECLOSED,    /* what it works on is closed */
  SLIP_EIO,        /* the system refused; the text was kept where it happened */
  SLIP_ESCRIPT,    /* a script raised an error */
  SLIP_ERR_COUNT
};

/* A few words in English for a log line; static. */
const char *slip_err_text(enum slip_err err);

#endif
