package lenient

import (
	"time"
	"unicode/utf8"
)

// latest is the last time whose year has four digits.
var latest = time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)

// AppendTime appends t as JavaScript's Date writes it: a string, UTC, with milliseconds. A year of more than
// four digits would not be read again: instead of a later time it appends the last one of the year 9999.
func AppendTime(dst []byte, t time.Time) []byte {
	if t.After(latest) {
		t = latest
	}
	return t.UTC().AppendFormat(dst, `"2006-01-02T15:04:05.000Z"`)
}

// AppendString appends s as a JSON string with the escapes that json.Marshal makes: those of HTML too.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0 // of what is not appended yet
	for i := 0; i < len(s); {
		if b := s[i]; b < utf8.RuneSelf {
			if !asIs[b] {
				dst = appendASCII(append(dst, s[start:i]...), b)
				start = i + 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(append(dst, s[start:i]...), `\ufffd`...)
			start = i + size
		case r == '\u2028' || r == '\u2029': // ends a line in old JavaScript
			dst = append(append(dst, s[start:i]...), `\u202`...)
			dst = append(dst, hex[r&0xf])
			start = i + size
		}
		i += size
	}
	return append(append(dst, s[start:]...), '"')
}

const hex = "0123456789abcdef"

// appendASCII appends the escape of a character.
func appendASCII(dst []byte, b byte) []byte {
	switch b {
	case '"', '\\':
		return append(dst, '\\', b)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&0xf])
}

// asIs says of an ASCII character whether it stands in a JSON string as it is.
var asIs = func() (table [utf8.RuneSelf]bool) {
	for b := range table {
		switch b {
		case '"', '\\', '<', '>', '&':
		default:
			table[b] = b >= ' '
		}
	}
	return table
}()
