//go:build !unix

package run

import "strings"

func start(path string, command, environment []string) (code int, err error) {
	return child(path, command, environment)
}

// sameName is for Windows, whose variables have no case.
func sameName(a, b string) bool { return strings.EqualFold(a, b) }
