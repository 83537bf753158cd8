#!/usr/bin/env bash
# Runs a command beside a MariaDB of its own, on a free port of this machine alone, with its files in a temporary directory:
#
#	scripts/with-mariadb.sh go test -C sqlstore/internal/dbtest ./...
#
# The command finds a data source name of go-sql-driver/mysql in TCBAUTH_MARIADB. Needs Debian's package mariadb-server.
set -euo pipefail
[ $# -gt 0 ] || {
	echo "usage: ${0##*/} command [argument...]" >&2
	exit 2
}
command -v mariadb-install-db >/dev/null && command -v mariadbd >/dev/null || {
	echo 'no mariadb-install-db and mariadbd found: install the package mariadb-server' >&2
	exit 1
}

dir=$(mktemp -d)
server=
finish() {
	[ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
	rm -rf "$dir"
}
trap finish EXIT

user=$(id -un)
mariadb-install-db --no-defaults --user="$user" --auth-root-authentication-method=normal --skip-test-db \
	--datadir="$dir/data" >"$dir/log" 2>&1 || {
	cat "$dir/log" >&2
	exit 1
}

# Only binding tells whether a port is free, so a server that finds its port taken ends, and another one is tried.
for _ in {1..20}; do
	port=$((RANDOM % 20000 + 20000))
	: >"$dir/log"
	mariadbd --no-defaults --user="$user" --datadir="$dir/data" --bind-address=127.0.0.1 --port="$port" \
		--socket="$dir/socket" --pid-file="$dir/pid" --max-connections=300 --skip-log-bin >"$dir/log" 2>&1 &
	server=$!
	until grep -q 'ready for connections' "$dir/log"; do
		kill -0 "$server" 2>/dev/null || continue 2
		sleep 0.02
	done
	mariadb --no-defaults --user=root --socket="$dir/socket" -e 'CREATE DATABASE tcbauth'
	status=0
	TCBAUTH_MARIADB="root@tcp(127.0.0.1:$port)/tcbauth?interpolateParams=true" "$@" || status=$?
	exit "$status"
done
cat "$dir/log" >&2
exit 1
