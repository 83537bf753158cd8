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

// A process that waits for another's lock has to ask again and again. It asks often at first, since most locks are held for
// one small request only.
const (
	firstPoll = 5 * time.Millisecond
	lastPoll  = 50 * time.Millisecond
)

// unlockLimit limits the wait of unlock for a file system that does not answer. The lock is released later, when it does.
const unlockLimit = 5 * time.Second

// Lock waits for the lock of key, which excludes every other Store in the same directory: in this process, and in all
// others that see the directory through the same file system. If ctx ends, it returns ctx's error unchanged. If the
// directory cannot be written, it fails at once: a session that cannot be stored must not be refreshed.
//
// held ends with ctx and with unlock. It ends with the cause [ErrLockLost] when a call with it finds that the lock's file,
// or the directory, was removed or replaced. The lock is released when the process ends, however it ends. The lock's file
// has the mode 0600, is beside the value's, and stays after the lock is released and after the key is deleted. Each Lock
// updates the file's time, so that programs that clean up by age do not remove it.
//
// unlock waits for running writes with held, since they must not be made after those of the next lock. It returns after 5 s
// at the latest; the lock is released as soon as the writes have finished.
func (s *Store) Lock(ctx context.Context, key string) (held context.Context, unlock func(), err error) {
	if err := ended(ctx); err != nil {
		return nil, nil, err
	}
	// The goroutines of this process queue here: only one of them polls the file, and the others get the lock in order and
	// at once.
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

// lockAside gets the lock of the file, and returns when ctx ends. If it returns an error, leave is called at some time.
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

// checkWritable makes a file and removes it: modes, access lists and read-only mounts can all forbid that, although an
// existing lock file could still be locked.
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

// tryLock returns nil while another process has the lock.
func (s *Store) tryLock(dir folder, name string) (*flock.Flock, error) {
	if err := dir.checkRegular(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// NFS gives exclusive locks only on files that are open for writing.
	file := flock.New(filepath.Join(s.dir, name), flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow), flock.SetPermissions(0o600))
	if locked, err := s.disk.tryLock(file); !locked {
		return nil, err
	}
	// A program that cleans up may remove a file that seems unused. A file that was removed between opening and locking is
	// no lock: the next Lock makes a new file.
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

// jitter keeps processes that started together from asking at the same moments for ever.
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
