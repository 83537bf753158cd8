package filestore

import (
	"errors"
	"syscall"
)

// readersTakeTurns is true: Windows does not replace a file that is open, so the readers of this process wait.
const readersTakeTurns = true

const errSharingViolation syscall.Errno = 32

// busy reports the errors of Windows for a file that another process has open, such as a reader or a virus scanner.
func busy(err error) bool {
	number, ok := errors.AsType[syscall.Errno](err)
	return ok && (number == syscall.ERROR_ACCESS_DENIED || number == errSharingViolation)
}

// busyRename also reports a missing file: a file that is being replaced may seem to be missing for a moment.
func busyRename(err error) bool {
	return busy(err) || errors.Is(err, syscall.ERROR_FILE_NOT_FOUND)
}
