package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// store looks whether the place of the sessions can be written, and whether only its owner can read it.
func store(_ context.Context, e *exam) Finding {
	if e.StoreDir == "" {
		return e.ok(say(storeNone))
	}
	info, err := os.Stat(e.StoreDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := writable(parentOf(e.StoreDir)); err != nil {
			return e.failure(say(storeReadOnly, parentOf(e.StoreDir), cause(err)), say(doStoreReadOnly))
		}
		return e.ok(say(storeNew, e.StoreDir))
	case err != nil:
		return e.failure(say(storeUnreadable, e.StoreDir, cause(err)), say(doStoreReadOnly))
	case !info.IsDir():
		return e.failure(say(storeNoDir, e.StoreDir), say(doStoreNoDir))
	}
	open, err := shared(e.StoreDir, info)
	if err != nil {
		return e.failure(say(storeUnreadable, e.StoreDir, cause(err)), say(doStoreReadOnly))
	}
	if open != "" {
		return e.failure(say(storeShared, open), say(doStoreShared, e.StoreDir))
	}
	if err := writable(e.StoreDir); err != nil {
		return e.failure(say(storeReadOnly, e.StoreDir, cause(err)), say(doStoreReadOnly))
	}
	return e.ok(say(storeFine, e.StoreDir))
}

// shared returns what others can read: the directory, a file in it, or "".
func shared(dir string, info fs.FileInfo) (path string, err error) {
	if othersCan(info) {
		return dir, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() && othersCan(info) {
			return filepath.Join(dir, entry.Name()), nil
		}
	}
	return "", nil
}

// parentOf is the nearest directory above a path that is there.
func parentOf(path string) string {
	for {
		parent := filepath.Dir(path)
		if _, err := os.Stat(parent); err == nil || parent == path {
			return parent
		}
		path = parent
	}
}

// writable makes a file and removes it: rights, access lists and read-only mounts all have their say in that.
func writable(dir string) error {
	file, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// cause is what the system says, without the path, which the text has.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// busyTime is how long a lock may be held. A process holds one while it renews a session, at most for the time of a few requests.
const busyTime = time.Minute

// lock looks for another process that holds the lock of a session, and for how long it has had it.
func lock(ctx context.Context, e *exam) Finding {
	if e.StoreDir == "" {
		return nothing()
	}
	files, err := filepath.Glob(filepath.Join(e.StoreDir, "*.lock"))
	if err != nil || len(files) == 0 {
		return nothing()
	}
	held, since := "", time.Duration(0)
	for _, file := range files {
		if ctx.Err() != nil {
			break
		}
		if d, ok := heldFor(file); ok && (held == "" || d > since) {
			held, since = file, d
		}
	}
	switch since = since.Round(time.Second); {
	case held == "":
		return e.ok(say(lockFree))
	case since < busyTime:
		return e.warning(say(lockHeld, since, held), say(doLockBusy))
	default:
		return e.failure(say(lockHeld, since, held), say(doLockHeld, held))
	}
}

// heldFor says since when a lock has been held, which is when its file was last touched. It is not waited for.
func heldFor(file string) (time.Duration, bool) {
	info, err := os.Lstat(file)
	if err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	l := flock.New(file, flock.SetFlag(os.O_RDWR))
	got, err := l.TryLock()
	if got {
		_ = l.Unlock() // which closes it
	}
	return max(0, time.Since(info.ModTime())), !got && err == nil
}
