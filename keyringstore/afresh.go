package keyringstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// StartAfresh is New for a directory whose key is lost. It removes the stored sessions, so all their users have to sign in
// again, makes a new key and returns the store with it. A process that still runs with another key can no longer write: its
// Set, Delete and Reserve return [ErrKeyLost]. Errors are those of [New]. After a failure or an interruption, call it
// again.
func StartAfresh(ctx context.Context, service, dir string) (*Store, error) {
	return openAfresh(ctx, system, service, dir)
}

func openAfresh(ctx context.Context, ring *ring, service, dir string) (*Store, error) {
	o, err := prepare(ring, service, dir)
	if err != nil {
		return nil, err
	}
	held, unlock, err := o.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer o.entry.afterwards(unlock)
	// The key is replaced last, except for its check value: a process that opens the directory in between gets ErrKeyLost,
	// or waits.
	if err := removeValues(o.entry.account); err != nil {
		return nil, fmt.Errorf("keyringstore: %w", err)
	}
	store, err := o.makeKey(held)
	if err != nil {
		return nil, err
	}
	return store, o.prove(held, store)
}

const (
	valueSuffix = ".value" // of filestore's files with values

	// sealed is the beginning of all values of tcbauth.Sealed, in every version.
	sealed = "tcbauth"
)

// values calls f for each file of a directory that holds a value.
func values(dir string, f func(path string) error) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !strings.HasSuffix(entry.Name(), valueSuffix) {
			continue
		}
		if err := f(filepath.Join(dir, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func removeValues(dir string) error { return values(dir, os.Remove) }

// hasSealed reports whether a directory has an encrypted value.
func hasSealed(dir string) (found bool, err error) {
	err = values(dir, func(path string) error {
		is, err := isSealed(path)
		found = found || is
		return err
	})
	return found, err
}

func isSealed(path string) (bool, error) {
	file, err := os.Open(path) //nolint:gosec // a file of the store's own directory
	if err != nil {
		return false, err
	}
	begins := make([]byte, len(sealed))
	_, err = io.ReadFull(file, begins)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // it is shorter
	}
	return string(begins) == sealed, errors.Join(err, file.Close())
}
