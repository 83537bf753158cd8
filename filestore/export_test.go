package filestore

import (
	"os/exec"
	"testing"
)

// Helpers are the processes that tests of the external package start too; they may add their own.
var Helpers = helpers

// HelperCommand is helperCommand.
func HelperCommand(t *testing.T, name, dir string, args ...string) *exec.Cmd {
	t.Helper()
	return helperCommand(t, name, dir, args...)
}
