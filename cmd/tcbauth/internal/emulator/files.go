package emulator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// inFile says which file a mistake of a seed is in.
func inFile(name string, err error) error {
	if wrong, ok := errors.AsType[*authtest.SeedError](err); ok {
		return fmt.Errorf("%s:%d:%d: %s", name, wrong.Line, wrong.Column, wrong.Text)
	}
	return err
}

// removeOwn removes a file if it is still the one that was written here.
func removeOwn(name, text string) error {
	if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() { // a device or a pipe, which was there before
		return nil
	}
	data, err := os.ReadFile(name) //nolint:gosec // G304: whoever runs the command names the file
	if errors.Is(err, fs.ErrNotExist) || err == nil && string(data) != text {
		return nil
	}
	return errors.Join(err, os.Remove(name))
}
