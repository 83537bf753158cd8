#!/usr/bin/env bash
# Runs a command beside a keyring of its own, GNOME's, which is unlocked and ends with the command:
#
#	scripts/with-keyring.sh go test ./keyringstore
#
# The command finds TCBAUTH_KEYRING set. Needs dbus-run-session and gnome-keyring-daemon (Debian's packages dbus and
# gnome-keyring). Nobody's own keyring is touched.
set -euo pipefail
[ $# -gt 0 ] || {
	echo "usage: ${0##*/} command [argument...]" >&2
	exit 2
}
for needed in dbus-run-session gnome-keyring-daemon; do
	command -v "$needed" >/dev/null || {
		echo "no $needed found: install the packages dbus and gnome-keyring" >&2
		exit 1
	}
done

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -m 700 "$dir/data" "$dir/run"
export XDG_DATA_HOME=$dir/data XDG_RUNTIME_DIR=$dir/run TCBAUTH_KEYRING=1
status=0
# The first password of a new keyring unlocks it. The daemon ends with its bus.
dbus-run-session -- bash -c '
	printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
	exec "$@"
' - "$@" || status=$?
exit "$status"
