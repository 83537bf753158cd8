package lenient

import (
	"encoding/binary"
	"math/bits"
)

// maxDepth is how deep values may be nested, as in encoding/json.
const maxDepth = 10000

// bad is what a scan returns for text that is not well formed, in place of an index.
const bad = -1

// scanValue returns the index after the value that begins at data[i], and whether that is a string of ASCII without
// escapes. The value lies within depth objects and lists.
func scanValue(data []byte, i, depth int) (end int, plain bool) {
	if i >= len(data) {
		return bad, false
	}
	switch data[i] {
	case '"':
		return scanString(data, i)
	case '{':
		return scanObject(data, i, depth+1), false
	case '[':
		return scanArray(data, i, depth+1), false
	case 't':
		return scanWord(data, i, "true"), false
	case 'f':
		return scanWord(data, i, "false"), false
	case 'n':
		return scanWord(data, i, "null"), false
	}
	return scanNumber(data, i), false
}

func scanObject(data []byte, i, depth int) int {
	if depth > maxDepth {
		return bad
	}
	i = skipSpace(data, i+1)
	if i < len(data) && data[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(data) || data[i] != '"' {
			return bad
		}
		if i, _ = scanString(data, i); i == bad {
			return bad
		}
		if i = skipSpace(data, i); i >= len(data) || data[i] != ':' {
			return bad
		}
		if i, _ = scanValue(data, skipSpace(data, i+1), depth); i == bad {
			return bad
		}
		if i = skipSpace(data, i); i >= len(data) {
			return bad
		}
		switch data[i] {
		case '}':
			return i + 1
		case ',':
			i = skipSpace(data, i+1)
		default:
			return bad
		}
	}
}

func scanArray(data []byte, i, depth int) int {
	if depth > maxDepth {
		return bad
	}
	i = skipSpace(data, i+1)
	if i < len(data) && data[i] == ']' {
		return i + 1
	}
	for {
		if i, _ = scanValue(data, i, depth); i == bad {
			return bad
		}
		if i = skipSpace(data, i); i >= len(data) {
			return bad
		}
		switch data[i] {
		case ']':
			return i + 1
		case ',':
			i = skipSpace(data, i+1)
		default:
			return bad
		}
	}
}

const (
	ones   = 0x0101010101010101
	high   = 0x80 * ones
	spaces = ' ' * ones
	quotes = '"' * ones
	slants = '\\' * ones
)

// special marks the bytes of a word that are a quote, a backslash, a control character or no ASCII. The lowest mark is right;
// a byte above it may be marked by mistake.
func special(w uint64) uint64 {
	return ((w - spaces) | ((w ^ quotes) - ones) | ((w ^ slants) - ones) | w) & high
}

// scanString looks at sixteen bytes at once, since tokens are long. A byte that is marked by mistake is looked at again.
func scanString(data []byte, i int) (end int, plain bool) {
	plain = true
	for i++; ; {
		for len(data)-i >= 16 {
			next := data[i : i+16]
			low, above := special(binary.LittleEndian.Uint64(next)), special(binary.LittleEndian.Uint64(next[8:]))
			if low != 0 {
				i += bits.TrailingZeros64(low) / 8
				break
			}
			if above != 0 {
				i += 8 + bits.TrailingZeros64(above)/8
				break
			}
			i += 16
		}
		if i >= len(data) {
			return bad, false
		}
		switch b := data[i]; {
		case b == '"':
			return i + 1, plain
		case b == '\\':
			plain = false
			if i = scanEscape(data, i+1); i == bad {
				return bad, false
			}
		case b < ' ':
			return bad, false
		default:
			plain = plain && b < 0x80
			i++
		}
	}
}

// scanEscape returns the index after the escape whose backslash is before data[i].
func scanEscape(data []byte, i int) int {
	if i >= len(data) {
		return bad
	}
	switch data[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		if hex4(data[i+1:]) >= 0 {
			return i + 5
		}
	}
	return bad
}

// hex4 is the number that the first four bytes say in hexadecimal, or -1.
func hex4(data []byte) rune {
	if len(data) < 4 {
		return -1
	}
	var r rune
	for _, b := range data[:4] {
		switch {
		case b >= '0' && b <= '9':
			b -= '0'
		case b >= 'a' && b <= 'f':
			b -= 'a' - 10
		case b >= 'A' && b <= 'F':
			b -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(b)
	}
	return r
}

func scanWord(data []byte, i int, word string) int {
	end := i + len(word)
	if end > len(data) || string(data[i:end]) != word {
		return bad
	}
	return end
}

func scanNumber(data []byte, i int) int {
	if data[i] == '-' {
		i++
	}
	if i < len(data) && data[i] == '0' {
		i++
	} else if i = scanDigits(data, i); i == bad {
		return bad
	}
	if i < len(data) && data[i] == '.' {
		if i = scanDigits(data, i+1); i == bad {
			return bad
		}
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		return scanDigits(data, i)
	}
	return i
}

// scanDigits wants one digit at least.
func scanDigits(data []byte, i int) int {
	start := i
	for i < len(data) && isDigit(data[i]) {
		i++
	}
	if i == start {
		return bad
	}
	return i
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

func skipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r') {
		i++
	}
	return i
}
