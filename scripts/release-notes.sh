#!/usr/bin/env bash
# Prints what CHANGELOG.md says of a version, such as v0.1.0. It fails if that is nothing.
set -euo pipefail
version=${1:?usage: release-notes.sh vMAJOR.MINOR.PATCH}
notes=$(awk -v heading="## [${version#v}]" '
	index($0, heading) == 1 { found = 1; next }
	/^## / { found = 0 }
	found
' "$(dirname "${BASH_SOURCE[0]}")/../CHANGELOG.md")
[ -n "${notes//[[:space:]]/}" ] || {
	printf 'CHANGELOG.md says nothing about %s\n' "$version" >&2
	exit 1
}
printf '%s\n' "$notes"
