package filestore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// folder is the directory of a Store, opened. Even if its path changes, all work with one folder happens in one directory.
type folder struct{ *os.Root }

// open opens the directory that is now at the path. Only a folder can report that a file is missing: without a folder,
// nothing is known.
func (s *Store) open() (folder, error) {
	root, err := os.OpenRoot(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("the directory is missing: %w", err)
	}
	return folder{root}, err
}

func (d folder) close() { _ = d.Close() } // nothing was written to it

// createTemp makes a new file that only its owner can access.
func (d folder) createTemp() (f *os.File, name string, err error) {
	name = tempPrefix + rand.Text() + tempSuffix
	f, err = d.openFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	return f, name, err
}

// checkRegular refuses everything but a regular file: a link or a pipe is not this package's, and opening a pipe would
// block. If nothing has the name, the error is fs.ErrNotExist.
func (d folder) checkRegular(name string) error {
	info, err := d.Lstat(name)
	if err != nil {
		return err
	}
	return regular(name, info)
}

func regular(name string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file but %s", name, info.Mode())
	}
	return nil
}
