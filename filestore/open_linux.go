package filestore

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// openFile opens a file of the directory, never a link. It keeps the file away from Go's poller, which os.OpenFile uses
// where it can. Files of a file system in user space can be polled, and one that does not answer would then stop the whole
// process.
func (d folder) openFile(name string, flag int, perm fs.FileMode) (*os.File, error) {
	dir, err := d.Open(".")
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }() // nothing was written to it
	fd, err := openAt(int(dir.Fd()), name, flag|noFollow|syscall.O_CLOEXEC, uint32(perm.Perm()))
	if err != nil {
		return nil, &fs.PathError{Op: "openat", Path: name, Err: err}
	}
	if err := syscall.SetNonblock(fd, false); err != nil { // noFollow has set it, for pipes; with it the poller would take the file
		_ = syscall.Close(fd)
		return nil, &fs.PathError{Op: "openat", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}

func openAt(dir int, name string, flag int, perm uint32) (fd int, err error) {
	for {
		if fd, err = syscall.Openat(dir, name, flag, perm); !errors.Is(err, syscall.EINTR) {
			return fd, err
		}
	}
}
