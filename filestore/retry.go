package filestore

import (
	"context"
	"time"

	"github.com/gofrs/flock"
)

const (
	firstRetry = time.Millisecond
	// retryLimit is how long another process may have a file open: reading takes far less.
	retryLimit = 2 * time.Second
)

// disk has the functions of a Store for files that other processes may be using at the same moment. Tests replace them.
type disk struct {
	read   func(dir folder, name string) ([]byte, error)
	rename func(dir folder, from, to string) error
	remove func(dir folder, name string) error
	// tryLock opens a file and locks it, unless another process has locked it.
	tryLock func(file *flock.Flock) (bool, error)
	// busy reports whether another process that has the file open may be the cause of an error; busyRename does so for the
	// two files of a rename.
	busy, busyRename func(err error) bool
}

var system = disk{
	read: readValue, rename: renameFile, remove: removeFile, tryLock: (*flock.Flock).TryLock, busy: busy, busyRename: busyRename,
}

func renameFile(dir folder, from, to string) error { return dir.Rename(from, to) }

func removeFile(dir folder, name string) error { return dir.Remove(name) }

// retry calls f until it succeeds, fails with a lasting error, has failed for too long, or ctx is done. It returns f's last
// error, or ctx's.
func retry(ctx context.Context, passes func(error) bool, f func() error) error {
	err := f()
	if err == nil || !passes(err) {
		return err
	}
	start := time.Now()
	for delay := firstRetry; ; delay += jitter(delay) {
		if time.Since(start)+delay >= retryLimit {
			return err
		}
		if end := wait(ctx, delay, nil); end != nil {
			return end
		}
		if err = f(); err == nil || !passes(err) {
			return err
		}
	}
}

func (s *Store) rename(ctx context.Context, dir folder, from, to string) error {
	return retry(ctx, s.disk.busyRename, func() error { return s.disk.rename(dir, from, to) })
}

func (s *Store) remove(ctx context.Context, dir folder, name string) error {
	return retry(ctx, s.disk.busy, func() error { return s.disk.remove(dir, name) })
}

func (s *Store) read(ctx context.Context, dir folder, name string) (value []byte, err error) {
	err = retry(ctx, s.disk.busy, func() error {
		value, err = s.disk.read(dir, name)
		return err
	})
	return value, err
}
