# shellcheck shell=sh disable=SC2034 # who sources it uses what it sets
# What the `run` of an example needs; to be sourced. SLIPSTREAM_BIN is the program, when it is not
# build/release/slipstream.
#
#   serve [APP.lua]       starts a server on a free port; $uri is where
#   play FILE.lua [ARG]…  runs a client, at most for a minute
#
# All servers end with the example.

slipstream=${SLIPSTREAM_BIN:-$(dirname "$0")/../../build/release/slipstream}
work=$(mktemp -d)
servers=""

clean_up() {
  for server in $servers; do
    kill "$server" 2>/dev/null || true
    wait "$server" || true # 143: ended by SIGTERM, as asked
  done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM

serve() {
  mkfifo "$work/line"
  "$slipstream" serve "$@" --port 0 >"$work/line" &
  servers="$servers $!"
  read -r _ _ uri <"$work/line" || { echo "run: the server did not start" >&2; exit 1; }
  rm "$work/line"
}

play() {
  timeout 60 "$slipstream" run --log error "$@"
}
