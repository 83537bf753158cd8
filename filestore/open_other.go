//go:build !linux

package filestore

import (
	"io/fs"
	"os"
)

// openFile opens a file of the directory.
func (d folder) openFile(name string, flag int, perm fs.FileMode) (*os.File, error) {
	return d.OpenFile(name, flag|noFollow, perm)
}
