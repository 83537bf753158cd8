#!/usr/bin/env bash
# Runs a command beside a Redis of its own, on a free port of this machine alone and without a trace on the disk:
#
#	scripts/with-redis.sh go test ./redisstore
#
# The command finds the address in TCBAUTH_REDIS. Needs redis-server (Debian's package of that name).
set -euo pipefail
[ $# -gt 0 ] || {
	echo "usage: ${0##*/} command [argument...]" >&2
	exit 2
}
command -v redis-server >/dev/null || {
	echo 'no redis-server found: install the package redis-server' >&2
	exit 1
}

dir=$(mktemp -d)
server=
finish() {
	[ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
	rm -rf "$dir"
}
trap finish EXIT

# Only binding tells whether a port is free, so a server that finds its port taken ends, and another one is tried.
for _ in {1..20}; do
	port=$((RANDOM % 20000 + 20000))
	: >"$dir/log"
	redis-server --bind 127.0.0.1 --port "$port" --dir "$dir" --save '' --appendonly no >"$dir/log" 2>&1 &
	server=$!
	until grep -q 'Ready to accept connections' "$dir/log"; do
		kill -0 "$server" 2>/dev/null || continue 2
		sleep 0.02
	done
	status=0
	TCBAUTH_REDIS=127.0.0.1:$port "$@" || status=$?
	exit "$status"
done
cat "$dir/log" >&2
exit 1
