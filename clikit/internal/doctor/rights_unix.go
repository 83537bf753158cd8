//go:build unix

package doctor

import "io/fs"

// othersCan reports whether anybody but the owner may do anything with a file.
func othersCan(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }
