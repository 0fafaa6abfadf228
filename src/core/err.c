#include "core/err.h"

#include <stddef.h>

const char *slip_err_text(enum slip_err err) {
  static const char *const texts[SLIP_ERR_COUNT] = {
      [SLIP_OK] = "ok",
      [SLIP_ENOMEM] = "out of memory",
      [SLIP_ETOOBIG] = "too big",
      [SLIP_EMALFORMED] = "malformed",
      [SLIP_EUTF8] = "not valid UTF-8",
      [SLIP_EINVAL] = "invalid value",
      [SLIP_ESTATE] = "not possible now",
      [SLIP_EFULL] = "queue full",
      [SLIP_ECLOSED] = "closed",
      [SLIP_EIO] = "system error",
      [SLIP_ESCRIPT] = "error in a script",
  };
  return (size_t)err < SLIP_ERR_COUNT ? texts[err] : "unknown error";
}
