package filestore

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// TestLockFileRemoved: a cleaner that removes the file of a lock which is held lets another in. The one before notices, and does
// not write over what the other has written.
func TestLockFileRemoved(t *testing.T) {
	t.Parallel()
	skipWhereOpenFilesStay(t)
	for name, remove := range map[string]func(path string) error{
		"removed": os.Remove,
		"moved":   func(path string) error { return os.Rename(path, path+".old") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := newStore(t)
			second := sameDir(t, first)
			held, unlock, err := first.Lock(t.Context(), "key")
			require.NoError(t, err)
			require.NoError(t, first.Set(held, "key", []byte("older"), 0))
			require.NoError(t, first.Reserve(held, "key", 100))
			require.NoError(t, remove(first.path("key", lockSuffix)))

			heldBySecond, unlockSecond, err := second.Lock(t.Context(), "key")
			require.NoError(t, err)
			require.NoError(t, second.Set(heldBySecond, "key", []byte("newer"), 0))
			wantLost(held, t, first)
			unlock()
			wantHeld(t, first, "key")
			unlockSecond()
			wantStored(t, second, "newer")
			assert.Len(t, names(t, first.dir, valueSuffix, lockSuffix), 2, "value and lock")
			assert.Empty(t, names(t, first.dir, roomSuffix, tempSuffix))
		})
	}
}

// TestLockFileRemovedAndNobodyCame: the holder cannot know that nobody came. What it has to write it can write with a new lock.
func TestLockFileRemovedAndNobodyCame(t *testing.T) {
	t.Parallel()
	skipWhereOpenFilesStay(t)
	store := newStore(t)
	held, unlock, err := store.Lock(t.Context(), "key")
	require.NoError(t, err)
	require.NoError(t, os.Remove(store.path("key", lockSuffix)))
	wantLost(held, t, store)
	unlock()
	held, unlock, err = store.Lock(t.Context(), "key")
	require.NoError(t, err)
	require.NoError(t, store.Set(held, "key", []byte("value"), 0))
	unlock()
	wantStored(t, store, "value")
}

// TestOuterLockRemoved: a context that carries two locks is good as long as both are held.
func TestOuterLockRemoved(t *testing.T) {
	t.Parallel()
	skipWhereOpenFilesStay(t)
	store := newStore(t)
	outer, unlockOuter, err := store.Lock(t.Context(), "key")
	require.NoError(t, err)
	defer unlockOuter()
	inner, unlockInner, err := store.Lock(outer, "device_id")
	require.NoError(t, err)
	defer unlockInner()
	require.NoError(t, store.Set(inner, "key", []byte("value"), 0))
	require.NoError(t, os.Remove(store.path("key", lockSuffix)))
	wantLost(inner, t, store)
	require.Error(t, outer.Err())
}

// TestLockFileIsTouched: those who clean up take files away that nobody has used for long.
func TestLockFileIsTouched(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	for range 2 {
		_, unlock, err := store.Lock(t.Context(), "key")
		require.NoError(t, err)
		info, err := os.Stat(store.path("key", lockSuffix))
		require.NoError(t, err)
		assert.Less(t, time.Since(info.ModTime()), time.Minute)
		unlock()
		require.NoError(t, os.Chtimes(store.path("key", lockSuffix), time.Unix(1, 0), time.Unix(1, 0)))
	}
}

// goneKinds are the ways in which a directory goes and comes back.
var goneKinds = map[string]func(t *testing.T) (store *Store, leave, back func() error){
	"renamed": func(t *testing.T) (*Store, func() error, func() error) {
		store := newStore(t)
		return store, func() error { return os.Rename(store.dir, store.dir+".away") },
			func() error { return os.Rename(store.dir+".away", store.dir) }
	},
	"parent renamed": func(t *testing.T) (*Store, func() error, func() error) {
		parent := filepath.Join(t.TempDir(), "parent")
		store, err := New(filepath.Join(parent, "store"))
		require.NoError(t, err)
		return store, func() error { return os.Rename(parent, parent+".away") },
			func() error { return os.Rename(parent+".away", parent) }
	},
	"dangling link": func(t *testing.T) (*Store, func() error, func() error) {
		target := newStore(t).dir
		store, err := New(linkTo(t, target))
		require.NoError(t, err)
		return store, func() error { return os.Rename(target, target+".away") },
			func() error { return os.Rename(target+".away", target) }
	},
	"a file in its place": func(t *testing.T) (*Store, func() error, func() error) {
		store := newStore(t)
		return store, func() error {
				if err := os.Rename(store.dir, store.dir+".away"); err != nil {
					return err
				}
				return os.WriteFile(store.dir, nil, 0o600)
			}, func() error {
				if err := os.Remove(store.dir); err != nil {
					return err
				}
				return os.Rename(store.dir+".away", store.dir)
			}
	},
}

// TestDirectoryGone: a directory that is not there says nothing about what is stored. It comes back without a restart.
func TestDirectoryGone(t *testing.T) {
	t.Parallel()
	for name, open := range goneKinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, leave, back := open(t)
			require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
			require.NoError(t, leave())
			for _, key := range []string{"key", "nothing"} {
				_, err := store.Get(t.Context(), key)
				wantFailure(t, store, err)
				wantFailure(t, store, store.Set(t.Context(), key, []byte("another"), 0))
				wantFailure(t, store, store.Delete(t.Context(), key))
				_, _, err = store.Lock(t.Context(), key)
				wantFailure(t, store, err)
			}
			require.NoError(t, back())
			wantStored(t, store, "value")
			_, err := store.Get(t.Context(), "nothing")
			require.ErrorIs(t, err, tcbauth.ErrNotFound)
			held, unlock, err := store.Lock(t.Context(), "key")
			require.NoError(t, err)
			require.NoError(t, store.Delete(held, "key"))
			unlock()
			assert.Len(t, names(t, store.dir, lockSuffix), 1)
			assert.Len(t, names(t, store.dir, ""), 1, "nothing was left behind")
		})
	}
}

// TestDirectoryRemoved: it is not made again, since it may be a disk that is not mounted. Who makes it can go on.
func TestDirectoryRemoved(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	require.NoError(t, store.Set(t.Context(), "key", []byte("value"), 0))
	require.NoError(t, os.RemoveAll(store.dir))
	_, err := store.Get(t.Context(), "key")
	wantFailure(t, store, err)
	require.ErrorIs(t, err, os.ErrNotExist)
	wantFailure(t, store, store.Delete(t.Context(), "key"))
	require.ErrorIs(t, store.Set(t.Context(), "key", nil, 0), os.ErrNotExist)
	_, _, err = store.Lock(t.Context(), "key")
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.NoDirExists(t, store.dir)

	require.NoError(t, os.Mkdir(store.dir, 0o700))
	_, err = store.Get(t.Context(), "key")
	require.ErrorIs(t, err, tcbauth.ErrNotFound)
	held, unlock, err := store.Lock(t.Context(), "key")
	require.NoError(t, err)
	defer unlock()
	require.NoError(t, store.Set(held, "key", []byte("value"), 0))
	wantStored(t, store, "value")
}

// TestDirectoryGoneWhileLocked: the lock is still there when the directory is.
func TestDirectoryGoneWhileLocked(t *testing.T) {
	t.Parallel()
	skipWhereOpenFilesStay(t)
	for name, open := range goneKinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, leave, back := open(t)
			held, unlock, err := store.Lock(t.Context(), "key")
			require.NoError(t, err)
			require.NoError(t, store.Set(held, "key", []byte("older"), 0))
			require.NoError(t, store.Reserve(held, "key", 100))
			require.NoError(t, leave())
			_, err = store.Get(held, "key")
			wantFailure(t, store, err)
			wantFailure(t, store, store.Set(held, "key", []byte("newer"), 0))
			wantFailure(t, store, store.Reserve(held, "key", 100))
			wantFailure(t, store, store.Delete(held, "key"))
			require.NoError(t, held.Err())
			require.NoError(t, back())
			wantHeld(t, sameDir(t, store), "key")
			require.NoError(t, store.Set(held, "key", []byte("newest"), 0))
			unlock()
			wantStored(t, store, "newest")
			assert.Empty(t, names(t, store.dir, roomSuffix, tempSuffix))
		})
	}
}

// TestDirectorySwapped: another directory has other locks. Whoever holds one of the first must not write into the second.
func TestDirectorySwapped(t *testing.T) {
	t.Parallel()
	skipWhereOpenFilesStay(t)
	for name, open := range map[string]func(t *testing.T) (store *Store, swap func() error){
		"directory": func(t *testing.T) (*Store, func() error) {
			store, next := newStore(t), newStore(t)
			return store, func() error {
				if err := os.Rename(store.dir, store.dir+".away"); err != nil {
					return err
				}
				return os.Rename(next.dir, store.dir)
			}
		},
		"link": func(t *testing.T) (*Store, func() error) {
			link := linkTo(t, newStore(t).dir)
			store, err := New(link)
			require.NoError(t, err)
			next := newStore(t).dir
			return store, func() error {
				if err := os.Symlink(next, link+".new"); err != nil {
					return err
				}
				return os.Rename(link+".new", link)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, swap := open(t)
			held, unlock, err := store.Lock(t.Context(), "key")
			require.NoError(t, err)
			require.NoError(t, store.Set(held, "key", []byte("older"), 0))
			require.NoError(t, store.Reserve(held, "key", 100))
			require.NoError(t, swap())
			second := sameDir(t, store)
			heldBySecond, unlockSecond, err := second.Lock(t.Context(), "key")
			require.NoError(t, err)
			require.NoError(t, second.Set(heldBySecond, "key", []byte("newer"), 0))
			wantLost(held, t, store)
			unlock()
			wantHeld(t, store, "key")
			unlockSecond()
			wantStored(t, store, "newer")
			assert.Len(t, names(t, store.dir, ""), 2, "value and lock")
		})
	}
}

// linkTo returns a link to dir.
func linkTo(t *testing.T, dir string) string {
	t.Helper()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Skipf("this system lets nobody make a link: %v", err)
	}
	return link
}

// wantLost: the holder of a lost lock can do nothing with it, and is told.
func wantLost(held context.Context, t *testing.T, store *Store) {
	t.Helper()
	fence := context.WithoutCancel(held)
	require.ErrorIs(t, store.Set(fence, "key", []byte("older"), 0), ErrLockLost)
	require.Error(t, held.Err(), "held ends when the loss is known")
	require.ErrorIs(t, context.Cause(held), ErrLockLost)
	require.ErrorIs(t, store.Delete(fence, "key"), ErrLockLost)
	require.ErrorIs(t, store.Reserve(fence, "key", 10), ErrLockLost)
	_, err := store.Get(fence, "key")
	require.ErrorIs(t, err, ErrLockLost)
}

func wantHeld(t *testing.T, store *Store, key string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err := store.Lock(ctx, key)
	require.Equal(t, context.DeadlineExceeded, err)
}

func wantStored(t *testing.T, store *Store, want string) {
	t.Helper()
	value, err := store.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, want, string(value))
}

// wantFailure: err says that the store could not be asked.
func wantFailure(t *testing.T, store *Store, err error) {
	t.Helper()
	require.Error(t, err)
	require.NotErrorIs(t, err, tcbauth.ErrNotFound)
	require.NotErrorIs(t, err, ErrLockLost)
	require.ErrorContains(t, err, store.dir)
}

func sameDir(t *testing.T, store *Store) *Store {
	t.Helper()
	other, err := New(store.dir)
	require.NoError(t, err)
	return other
}

// names returns the names in dir that end in one of the suffixes.
func names(t *testing.T, dir string, suffixes ...string) (found []string) {
	t.Helper()
	for _, name := range list(t, dir, "") {
		if slices.ContainsFunc(suffixes, func(suffix string) bool { return strings.HasSuffix(name, suffix) }) {
			found = append(found, name)
		}
	}
	return found
}

func skipWhereOpenFilesStay(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows removes and renames nothing that is open, nor what that lies in")
	}
}

// TestSwappedAtTheLastMoment: what is written under a lock lies beside the file of that lock, whenever the directory is swapped.
func TestSwappedAtTheLastMoment(t *testing.T) {
	t.Parallel()
	skipWhereOpenFilesStay(t)
	for name, reserves := range map[string]bool{"in a new file": false, "in the room reserved": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, next := newStore(t), newStore(t)
			held, unlock, err := store.Lock(t.Context(), "key")
			require.NoError(t, err)
			if reserves {
				require.NoError(t, store.Reserve(held, "key", 100))
			}
			rename := store.disk.rename
			store.disk.rename = func(dir folder, from, to string) error {
				require.NoError(t, os.Rename(store.dir, store.dir+".away"))
				require.NoError(t, os.Rename(next.dir, store.dir))
				second := sameDir(t, store)
				heldBySecond, unlockSecond, err := second.Lock(t.Context(), "key")
				require.NoError(t, err)
				defer unlockSecond()
				require.NoError(t, second.Set(heldBySecond, "key", []byte("newer"), 0))
				return rename(dir, from, to)
			}
			require.NoError(t, store.Set(held, "key", []byte("older"), 0))
			unlock()
			wantStored(t, store, "newer")
			assert.Len(t, names(t, store.dir, ""), 2, "value and lock")
		})
	}
}

// TestFileRemovedBetweenOpeningAndLocking: a lock on a file that is not there any more excludes nobody.
func TestFileRemovedBetweenOpeningAndLocking(t *testing.T) {
	t.Parallel()
	skipWhereOpenFilesStay(t)
	store := newStore(t)
	removals := 3
	store.disk.tryLock = func(file *flock.Flock) (bool, error) {
		locked, err := file.TryLock()
		if removals > 0 {
			removals--
			require.NoError(t, os.Remove(file.Path()))
		}
		return locked, err
	}
	held, unlock, err := store.Lock(t.Context(), "key")
	require.NoError(t, err)
	assert.Zero(t, removals)
	wantHeld(t, sameDir(t, store), "key")
	require.NoError(t, store.Set(held, "key", []byte("value"), 0))
	unlock()
}
