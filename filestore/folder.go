package filestore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// folder is the directory of a Store, opened: whatever becomes of its path meanwhile, all that is done with one folder is done
// in one directory.
type folder struct{ *os.Root }

// open opens the directory that is at the path now. Only a folder can say that a file is missing: without one nothing is known.
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

// checkRegular refuses what has the name if it is not a regular file; a link or a pipe is none of ours, and a pipe
// would block who opens it. Nothing there is fs.ErrNotExist.
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
