package filestore

import (
	"errors"
	"syscall"
)

// readersTakeTurns: Windows does not replace a file that is open, so the readers of this process stay away meanwhile.
const readersTakeTurns = true

const errSharingViolation syscall.Errno = 32

// busy is true for what Windows says when another process, such as one that reads it or a virus scanner, has a file open.
func busy(err error) bool {
	number, ok := errors.AsType[syscall.Errno](err)
	return ok && (number == syscall.ERROR_ACCESS_DENIED || number == errSharingViolation)
}

// busyRename: for a moment a file that is being replaced may seem to be missing too.
func busyRename(err error) bool {
	return busy(err) || errors.Is(err, syscall.ERROR_FILE_NOT_FOUND)
}
