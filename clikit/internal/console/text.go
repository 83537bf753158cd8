package console

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns text of others, such as a server's, as it can be shown on a terminal: on one line, without the control
// characters that move the cursor, change colours or titles, and without those that turn the direction of writing. What is
// left out is replaced by U+FFFD, and what breaks a line by a blank.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case !unicode.IsGraphic(r):
			return utf8.RuneError
		default:
			return r
		}
	}, s)
}

// wide has the characters that take two columns of a terminal: those of East Asia and emoji (UAX 11).
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1}, {Lo: 0x2e80, Hi: 0x303e, Stride: 1}, {Lo: 0x3041, Hi: 0xa4cf, Stride: 1},
		{Lo: 0xa960, Hi: 0xa97c, Stride: 1}, {Lo: 0xac00, Hi: 0xd7a3, Stride: 1}, {Lo: 0xf900, Hi: 0xfaff, Stride: 1},
		{Lo: 0xfe30, Hi: 0xfe6f, Stride: 1}, {Lo: 0xff00, Hi: 0xff60, Stride: 1}, {Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x1f300, Hi: 0x1f64f, Stride: 1}, {Lo: 0x1f900, Hi: 0x1f9ff, Stride: 1}, {Lo: 0x20000, Hi: 0x3fffd, Stride: 1},
	},
}

// runeWidth is how many columns a character takes.
func runeWidth(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	default:
		return 1
	}
}

// rowsOf is how many rows below the first one a text ends that begins at the left. A row that is just full is not left, and a
// character of two columns is not split.
func rowsOf(s string, columns int) int {
	rows, column := 0, 0
	for _, r := range s {
		n := runeWidth(r)
		if column+n > columns {
			rows, column = rows+1, 0
		}
		column += n
	}
	return rows
}

// cut returns as much of the beginning of s as fits into so many columns.
func cut(s string, columns int) string {
	n := 0
	for i, r := range s {
		if n += runeWidth(r); n > columns {
			return s[:i]
		}
	}
	return s
}
