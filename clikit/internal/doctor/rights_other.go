//go:build !unix

package doctor

import "io/fs"

// othersCan is not known from a file's mode: on Windows the rights of the user's own directory decide.
func othersCan(fs.FileInfo) bool { return false }
