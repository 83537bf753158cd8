package filestore

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
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

// unlockLimit is how long an unlock waits for a file system that does not answer. It is given up all the same when that does.
const unlockLimit = 5 * time.Second

// Lock waits for the lock of key, which excludes every other Store in the same directory: in this process, and in all
// others that see the directory through the same file system. It returns ctx's error, as it is, once ctx is done, and
// an error at once if the directory cannot be written: who cannot store the new session must not spend the old one.
//
// held ends with ctx and with unlock, and with the cause [ErrLockLost] when a call with it finds that the lock's file, or the
// directory, was removed or replaced. The lock is free again when the process ends, however it ends. It is a file of mode 0600
// beside the value's, which stays when the lock is given up and when the key is deleted. Each Lock sets its time, so that what
// cleans up by age leaves it alone.
//
// unlock waits for writes with held that are still under way, since they must not come after the next holder's. It returns
// after 5 s at the latest; the lock is given up as soon as they are over.
func (s *Store) Lock(ctx context.Context, key string) (held context.Context, unlock func(), err error) {
	if err := ended(ctx); err != nil {
		return nil, nil, err
	}
	// The goroutines of this process queue here, so that only one of them polls the file, and the others get the lock
	// in order and without a delay.
	leave, err := s.locks.Lock(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	h, err := s.lockAside(ctx, key, leave)
	if err != nil {
		return nil, nil, s.failed(ctx, "lock", err)
	}
	h.outer = s.holdOf(ctx)
	held, h.cancel = context.WithCancelCause(context.WithValue(ctx, holdKey{s}, h))
	var once sync.Once
	return held, func() {
		once.Do(func() {
			h.cancel(nil)
			given := make(chan struct{})
			go func() { // ends with the writes and the file system's answer; a key has one, since the next Lock waits for it
				defer close(given)
				s.giveUp(context.WithoutCancel(ctx), h)
				leave()
			}()
			_ = wait(context.WithoutCancel(ctx), unlockLimit, given)
		})
	}, nil
}

// lockAside gets the lock of the file, and returns when ctx ends. If it returns an error, leave is called, sooner or later.
func (s *Store) lockAside(ctx context.Context, key string, leave func()) (*hold, error) {
	type result struct {
		hold *hold
		err  error
	}
	got := make(chan result)
	go func() { // ends with ctx or with the file system's answer; a key has one, since others wait for leave
		h, err := s.lockFile(ctx, key)
		if err != nil {
			leave()
		}
		select {
		case got <- result{h, err}:
		case <-ctx.Done():
			if err == nil {
				h.release()
				leave()
			}
		}
	}()
	select {
	case r := <-got:
		return r.hold, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// checkWritable makes a file and removes it: modes, access lists and read-only mounts all have their say in that, and
// a lock file that exists already could be locked in spite of them.
func (s *Store) checkWritable(ctx context.Context, dir folder) error {
	f, temp, err := dir.createTemp()
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), s.remove(ctx, dir, temp))
}

// lockFile asks for the lock until it gets it.
func (s *Store) lockFile(ctx context.Context, key string) (*hold, error) {
	name := fileName(key, lockSuffix)
	first := true
	ask := func() (*hold, error) {
		_, leave, err := s.lanes.enter(ctx, name)
		if err != nil {
			return nil, err
		}
		defer leave()
		dir, err := s.open()
		if err != nil {
			return nil, err
		}
		if first {
			err = s.checkWritable(ctx, dir)
			first = false
		}
		if err == nil {
			var file *flock.Flock
			if file, err = s.tryLock(dir, name); file != nil {
				return &hold{key: key, path: s.dir, dir: dir, file: file, name: name, rooms: make(map[string]bool)}, nil
			}
		}
		dir.close()
		return nil, err
	}
	for delay := firstPoll; ; delay = min(delay*3/2, lastPoll) {
		h, err := ask()
		if h != nil || err != nil {
			return h, err
		}
		if err := wait(ctx, jitter(delay), nil); err != nil {
			return nil, err
		}
	}
}

// tryLock returns nil while the lock is held by somebody else.
func (s *Store) tryLock(dir folder, name string) (*flock.Flock, error) {
	if err := dir.checkRegular(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// NFS gives exclusive locks only on files that are open for writing.
	file := flock.New(filepath.Join(s.dir, name), flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow), flock.SetPermissions(0o600))
	if locked, err := s.disk.tryLock(file); !locked {
		return nil, err
	}
	// A file that nobody seems to use is one that a cleaner takes away. One that it took away between opening and locking is
	// no lock: the next one makes a new one.
	now := time.Now()
	_ = dir.Chtimes(name, now, now)
	there, err := dir.Lstat(name)
	if err == nil {
		var locked fs.FileInfo
		if locked, err = file.Stat(); err == nil && os.SameFile(there, locked) {
			return file, nil
		}
	}
	_ = file.Unlock()
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return nil, err
}

// jitter keeps processes that started together from asking together for ever.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1) //nolint:gosec // no secret depends on it
}

// wait waits for d, until done is closed, or until ctx is done.
func wait(ctx context.Context, d time.Duration, done <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
