package accesstoken

import (
	"encoding/json"
	"iter"
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
	if at >= len(text) || depth >= maxDepth {
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
	for at++; at < len(text); at++ {
		switch c := text[at]; {
		case plain[c]:
		case c == '"':
			return at + 1
		case c != '\\':
			return -1
		default:
			if at = escapeEnd(text, at+1); at < 0 {
				return -1
			}
		}
	}
	return -1
}

// plain is true for what stands for itself in a string.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return t
}()

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
