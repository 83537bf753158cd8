// Package wholefile writes small files that nobody ever sees a part of.
package wholefile

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// Write makes a file with these contents appear under name, in place of the one that is there. Its mode is 0600. Who reads the
// name meanwhile, or after a crash, finds the old file or the new one, whole. The directory must exist.
//
// A device or a pipe that is there is not replaced, but written to. A directory is an error.
func Write(name string, contents []byte) error {
	replaceable, err := isReplaceable(name)
	if err != nil {
		return err
	}
	if !replaceable {
		return pour(name, contents)
	}
	temp, err := createBeside(name)
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

// Check is an error where Write could not even begin: under the name of a directory, or in a directory that takes no new file. It
// changes nothing that is there, and does not open a device or a pipe, which may wait for a reader.
func Check(name string) error {
	replaceable, err := isReplaceable(name)
	if err != nil || !replaceable {
		return err
	}
	temp, err := createBeside(name)
	if err != nil {
		return err
	}
	return errors.Join(temp.Close(), os.Remove(temp.Name()))
}

// isReplaceable says whether a new file may take the name: from a file or from nothing, but not from a device or a pipe.
func isReplaceable(name string) (bool, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil: // nothing is there, or making a file beside it says why not
		return true, nil
	case info.IsDir():
		return false, &os.PathError{Op: "write", Path: name, Err: syscall.EISDIR}
	default:
		return info.Mode().IsRegular(), nil
	}
}

// createBeside makes a new file in the directory of name.
func createBeside(name string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
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
