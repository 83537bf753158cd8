//go:build !unix

package filestore

import "io/fs"

// Modes have no meaning here: access lists, inherited from the directory above, decide.

const noFollow = 0

func secureDir(string) error { return nil }

func secure(string, fs.FileInfo, func(fs.FileMode) error) error { return nil }

// entries does nothing: a directory cannot be synced.
type entries struct{}

func openEntries(folder) (entries, error) { return entries{}, nil }

func (entries) sync() error { return nil }

func (entries) close() {}
