package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// A process that waits for another's lock has to ask again and again. It asks often at first, since most locks are
// held for as long as one small request takes.
const (
	firstPoll = 5 * time.Millisecond
	lastPoll  = 50 * time.Millisecond
)

// Lock waits for the lock of key, which excludes every other Store in the same directory: in this process, and in all
// others that see the directory through the same file system. It returns ctx's error, as it is, once ctx is done, and
// an error at once if the directory cannot be written: who cannot store the new session must not spend the old one.
//
// held is ctx itself, since the lock cannot be lost while the process lives; it is free again when the process ends,
// however it ends. The lock is a file of mode 0600 beside the value's, which stays when the lock is given up and
// when the key is deleted.
func (s *Store) Lock(ctx context.Context, key string) (held context.Context, unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if err := s.checkWritable(); err != nil {
		return nil, nil, fmt.Errorf("filestore: lock: %w", err)
	}
	// The goroutines of this process queue here, so that only one of them polls the file, and the others get the lock
	// in order and without a delay.
	leave, err := s.locks.Lock(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	file, err := lockFile(ctx, s.path(key, lockSuffix))
	if err != nil {
		leave()
		return nil, nil, err
	}
	var once sync.Once
	return ctx, func() {
		once.Do(func() {
			// The file is not removed: another process may have opened it and be about to lock it, while a third would
			// make and lock a new one, and then both would hold "the" lock.
			//
			// An error leaves nothing to do: the lock goes when the file is closed, at the latest with the process.
			_ = file.Unlock()
			leave()
		})
	}, nil
}

// checkWritable makes a file and removes it: modes, access lists and read-only mounts all have their say in that, and
// a lock file that exists already could be locked in spite of them.
func (s *Store) checkWritable() error {
	temp, err := createTemp(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(temp.Close(), os.Remove(temp.Name()))
}

// lockFile returns ctx's error bare and others with the package's name.
func lockFile(ctx context.Context, path string) (*flock.Flock, error) {
	if err := checkRegular(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("filestore: lock: %w", err)
	}
	// NFS gives exclusive locks only on files that are open for writing.
	file := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow), flock.SetPermissions(0o600))
	for delay := firstPoll; ; delay = min(delay*3/2, lastPoll) {
		locked, err := file.TryLock()
		if err != nil {
			return nil, fmt.Errorf("filestore: lock: %w", err)
		}
		if locked {
			return file, nil
		}
		if err := wait(ctx, jitter(delay)); err != nil {
			return nil, err
		}
	}
}

// jitter keeps processes that started together from asking together for ever.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1) //nolint:gosec // no secret depends on it
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
