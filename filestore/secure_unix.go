//go:build unix

package filestore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const (
	// noFollow makes opening a symbolic link an error, and opening a pipe return at once.
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
		// No other user can write here, and names are hashes; the files are checked when they are read.
		return nil
	}
	return err
}

// onlyOurs returns an error if dir holds anything but this package's files, or is shared by all users, such as an empty
// /tmp.
func onlyOurs(dir string, info fs.FileInfo) error {
	errShared := fmt.Errorf("it is for other files too; use a directory of its own, for example %s", filepath.Join(dir, "mytool"))
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

// secure removes the rights of group and others from path, if it belongs to the current user. It compares the owner because
// root may change any mode, and must not shut out another user's group.
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

// entries is a directory that can be synced: a rename is on the disk only after that.
type entries struct{ f *os.File }

func openEntries(dir folder) (entries, error) {
	f, err := dir.Open(".")
	return entries{f}, err
}

func (e entries) sync() error {
	err := e.f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		// Some network and user-space file systems cannot do this, and have nothing better.
		return nil
	}
	return err
}

func (e entries) close() { _ = e.f.Close() }
