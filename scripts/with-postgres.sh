#!/usr/bin/env bash
# Runs a command beside a PostgreSQL of its own, on a free port of this machine alone, with its files in a temporary directory:
#
#	scripts/with-postgres.sh go test -C sqlstore/internal/dbtest ./...
#
# The command finds a URL in TCBAUTH_POSTGRES. Needs Debian's package postgresql, or initdb and postgres on the PATH.
set -euo pipefail
[ $# -gt 0 ] || {
	echo "usage: ${0##*/} command [argument...]" >&2
	exit 2
}
for bin in /usr/lib/postgresql/*/bin; do # where Debian has them, the newest last
	[ ! -x "$bin/postgres" ] || PATH=$bin:$PATH
done
command -v initdb >/dev/null && command -v postgres >/dev/null || {
	echo 'no initdb and postgres found: install the package postgresql' >&2
	exit 1
}

dir=$(mktemp -d)
server=
finish() {
	[ -z "$server" ] || { kill -INT "$server" && wait "$server"; } 2>/dev/null || true
	rm -rf "$dir"
}
trap finish EXIT

as=() # the user that runs the server, which must not be root
if [ "$(id -u)" = 0 ]; then
	id postgres >/dev/null || {
		echo 'no user postgres, whom the server could be run as in place of root' >&2
		exit 1
	}
	as=(setpriv --reuid postgres --regid postgres --init-groups)
	chown postgres "$dir"
fi
(cd / && "${as[@]}" initdb --auth=trust --encoding=UTF8 --locale=C --username=tcbauth --no-sync "$dir/data") >"$dir/log" 2>&1 || {
	cat "$dir/log" >&2
	exit 1
}

# Only binding tells whether a port is free, so a server that finds its port taken ends, and another one is tried.
for _ in {1..20}; do
	port=$((RANDOM % 20000 + 20000))
	: >"$dir/log"
	(cd / && exec "${as[@]}" postgres -D "$dir/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
		-c max_connections=300) >"$dir/log" 2>&1 &
	server=$!
	until grep -q 'ready to accept connections' "$dir/log"; do
		kill -0 "$server" 2>/dev/null || continue 2
		sleep 0.02
	done
	status=0
	TCBAUTH_POSTGRES="postgres://tcbauth@127.0.0.1:$port/postgres?sslmode=disable" "$@" || status=$?
	exit "$status"
done
cat "$dir/log" >&2
exit 1
