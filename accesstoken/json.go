package accesstoken

import (
	"encoding/json"
	"iter"
	"math/bits"
	"strings"
)

// RFC 7519 section 4 wants the names of claims exact and unique. encoding/json takes Scope for scope in a struct and the
// last of several that are the same anywhere, and its maps take a quarter of the time of the RSA operation. What follows
// takes the same texts for JSON as encoding/json does, but reads them once. It does not look at how characters are encoded.

// maxDepth is encoding/json's.
const maxDepth = 10_000

// walk calls f with the members of the object that text is, names and values as they stand there, and reports whether all
// of text is JSON. A text that is no object has no members. f may end it by false.
func walk(text string, f func(name, value string) bool) (valid bool) {
	at := skipSpace(text, 0)
	if at < len(text) && text[at] == '{' {
		at = objectEnd(text, at, 1, f)
	} else {
		at = valueEnd(text, at, 0)
	}
	return at >= 0 && skipSpace(text, at) == len(text)
}

// members are the members that walk finds, with names that are decoded.
func members(text string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		walk(text, func(raw, value string) bool {
			name, _ := decodeString(raw)
			return yield(name, value)
		})
	}
}

// valueEnd returns the end of the value that begins at at, -1 if there is none.
func valueEnd(text string, at, depth int) int {
	if at >= len(text) {
		return -1
	}
	switch text[at] {
	case '"':
		return stringEnd(text, at)
	case '{':
		return objectEnd(text, at, depth+1, nil)
	case '[':
		return listEnd(text, at, depth+1, nil)
	case 't':
		return wordEnd(text, at, "true")
	case 'f':
		return wordEnd(text, at, "false")
	case 'n':
		return wordEnd(text, at, "null")
	}
	return numberEnd(text, at)
}

func objectEnd(text string, at, depth int, f func(name, value string) bool) int {
	if depth > maxDepth {
		return -1
	}
	if at = skipSpace(text, at+1); is(text, at, '}') {
		return at + 1
	}
	for {
		end := stringEnd(text, at)
		if end < 0 {
			return -1
		}
		name := text[at:end]
		if at = skipSpace(text, end); !is(text, at, ':') {
			return -1
		}
		at = skipSpace(text, at+1)
		if end = valueEnd(text, at, depth); end < 0 || f != nil && !f(name, text[at:end]) {
			return -1
		}
		switch at = skipSpace(text, end); {
		case is(text, at, '}'):
			return at + 1
		case !is(text, at, ','):
			return -1
		}
		at = skipSpace(text, at+1)
	}
}

func listEnd(text string, at, depth int, f func(value string) bool) int {
	if depth > maxDepth {
		return -1
	}
	if at = skipSpace(text, at+1); is(text, at, ']') {
		return at + 1
	}
	for {
		end := valueEnd(text, at, depth)
		if end < 0 || f != nil && !f(text[at:end]) {
			return -1
		}
		switch at = skipSpace(text, end); {
		case is(text, at, ']'):
			return at + 1
		case !is(text, at, ','):
			return -1
		}
		at = skipSpace(text, at+1)
	}
}

func stringEnd(text string, at int) int {
	if !is(text, at, '"') {
		return -1
	}
	for at = plainEnd(text, at+1); at < len(text); at = plainEnd(text, at+1) {
		switch text[at] {
		case '"':
			return at + 1
		case '\\':
			if at = escapeEnd(text, at+1); at < 0 {
				return -1
			}
		default:
			return -1
		}
	}
	return -1
}

// plainEnd returns where the first character from at on is that does not stand for itself in a string: a quotation mark, a
// backslash or a control character. It looks at eight at once, which halves what a token's payload takes to read.
func plainEnd(text string, at int) int {
	const each, high = 0x0101010101010101, 0x8080808080808080
	for ; at+8 <= len(text); at += 8 {
		b := text[at : at+8]
		c := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56 // one load
		quote, slash := c^('"'*each), c^('\\'*each)
		// The lowest high bit that is set is right; one above it may be set by what was borrowed.
		if found := ((c-' '*each)&^c | (quote-each)&^quote | (slash-each)&^slash) & high; found != 0 {
			return at + bits.TrailingZeros64(found)/8
		}
	}
	for at < len(text) && text[at] >= ' ' && text[at] != '"' && text[at] != '\\' {
		at++
	}
	return at
}

// escapeEnd returns where the last character is of an escape whose backslash lies before at.
func escapeEnd(text string, at int) int {
	switch {
	case is(text, at, 'u') && at+4 < len(text):
		for i := at + 1; i <= at+4; i++ {
			if strings.IndexByte("0123456789abcdefABCDEF", text[i]) < 0 {
				return -1
			}
		}
		return at + 4
	case at < len(text) && strings.IndexByte(`"\/bfnrt`, text[at]) >= 0:
		return at
	}
	return -1
}

func wordEnd(text string, at int, word string) int {
	if strings.HasPrefix(text[at:], word) {
		return at + len(word)
	}
	return -1
}

func numberEnd(text string, at int) int {
	if is(text, at, '-') {
		at++
	}
	end := digitsEnd(text, at)
	if end == at || text[at] == '0' && end > at+1 {
		return -1
	}
	if is(text, end, '.') {
		if at, end = end+1, digitsEnd(text, end+1); end == at {
			return -1
		}
	}
	if is(text, end, 'e') || is(text, end, 'E') {
		at = end + 1
		if is(text, at, '+') || is(text, at, '-') {
			at++
		}
		if end = digitsEnd(text, at); end == at {
			return -1
		}
	}
	return end
}

func digitsEnd(text string, at int) int {
	for at < len(text) && '0' <= text[at] && text[at] <= '9' {
		at++
	}
	return at
}

func skipSpace(text string, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n') {
		at++
	}
	return at
}

func is(text string, at int, c byte) bool { return at < len(text) && text[at] == c }

// decodeString decodes a value. ok is false if it is no string.
func decodeString(value string) (s string, ok bool) {
	if value == "" || value[0] != '"' {
		return "", false
	}
	if strings.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1], true
	}
	return unescape(value)
}

// unescape is apart from decodeString, whose result would else always be on the heap.
func unescape(value string) (s string, ok bool) {
	err := json.Unmarshal([]byte(value), &s)
	return s, err == nil
}

// decodeStrings decodes a list of strings, where null is "" as it is for encoding/json. It is nil for everything else.
func decodeStrings(value string) []string {
	if value == "" || value[0] != '[' {
		return nil
	}
	out := []string{}
	end := listEnd(value, 0, 0, func(value string) bool {
		s, ok := decodeString(value)
		out = append(out, s)
		return ok || value == "null"
	})
	if end < 0 {
		return nil
	}
	return out
}
