//go:build unix

package filestore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

const (
	// noFollow makes an open fail at a symbolic link and not wait at a pipe.
	noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

	othersAccess fs.FileMode = 0o077
)

func secureDir(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if info.Mode()&othersAccess == 0 {
		return nil
	}
	if err := onlyOurs(dir, info); err != nil {
		return fmt.Errorf("%s has mode %#o and others can access it: %w", dir, info.Mode().Perm(), err)
	}
	err = secure(dir, info, func(mode fs.FileMode) error { return os.Chmod(dir, mode) })
	if errors.Is(err, syscall.EROFS) {
		// Nobody can write here, and the names say nothing; the files are checked when they are read.
		return nil
	}
	return err
}

// onlyOurs returns an error if dir holds anything but this package's files, or is one where everybody keeps theirs,
// such as an empty /tmp.
func onlyOurs(dir string, info fs.FileInfo) error {
	errShared := errors.New("it is for other files too; take a directory of its own, or make it private (0700)")
	if info.Mode()&fs.ModeSticky != 0 {
		return errShared
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !isOurs(entry.Name()) {
			return errShared
		}
	}
	return nil
}

// secure takes the rights of group and others away from path, if it belongs to the current user. The owner is compared
// because root may change any mode, and must not lock another user's group out by it.
func secure(path string, info fs.FileInfo, chmod func(fs.FileMode) error) error {
	if info.Mode()&othersAccess == 0 {
		return nil
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s has mode %#o: others can access it, and it belongs to another user", path, info.Mode().Perm())
	}
	if err := chmod(info.Mode() &^ othersAccess); err != nil {
		return fmt.Errorf("%s has mode %#o, and others keep access to it: %w", path, info.Mode().Perm(), err)
	}
	return nil
}

// entries are those of a directory, which can be brought to the disk: a rename is not there before.
type entries struct{ f *os.File }

func openEntries(dir folder) (entries, error) {
	f, err := dir.Open(".")
	return entries{f}, err
}

func (e entries) sync() error {
	err := e.f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		// Some network and user-space file systems cannot do this; they have no better to offer.
		return nil
	}
	return err
}

func (e entries) close() { _ = e.f.Close() }
