// Package wholefile writes small files that nobody ever sees a part of.
package wholefile

import (
	"errors"
	"os"
	"path/filepath"
)

// Write makes a file with these contents appear under name, in place of the one that is there. Its mode is 0600. Who reads the
// name meanwhile, or after a crash, finds the old file or the new one, whole. The directory must exist.
//
// A device or a pipe that is there is not replaced, but written to.
func Write(name string, contents []byte) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return pour(name, contents)
	}
	temp, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = temp.Write(contents)
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}

// pour writes contents to what is not a file of its own.
func pour(name string, contents []byte) error {
	out, err := os.OpenFile(name, os.O_WRONLY, 0) //nolint:gosec // G304: the caller's
	if err != nil {
		return err
	}
	_, err = out.Write(contents)
	return errors.Join(err, out.Close())
}
