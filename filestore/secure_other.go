//go:build !unix

package filestore

import "io/fs"

// Modes mean nothing here: access lists, inherited from the directory above, say who may do what.

const noFollow = 0

func secureDir(string) error { return nil }

func secure(string, fs.FileInfo, func(fs.FileMode) error) error { return nil }

// entries does nothing: there is no sync of a directory.
type entries struct{}

func openEntries(folder) (entries, error) { return entries{}, nil }

func (entries) sync() error { return nil }

func (entries) close() {}
