//go:build !windows

package filestore

// readersTakeTurns is false: an open file can be replaced.
const readersTakeTurns = false

func busy(error) bool { return false }

func busyRename(error) bool { return false }
