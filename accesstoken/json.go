package accesstoken

import (
	"encoding/json"
	"iter"
	"strings"
)

// RFC 7519 section 4 wants the names of claims exact and unique. encoding/json takes Scope for scope in a struct and the
// last of several that are the same anywhere, and its maps take a quarter of the time of the RSA operation. So it only
// checks that a text is JSON; what follows takes such a text apart.

// members are the members of the object that text, which must be valid JSON, is: names and, as they stand there, values.
// A text that is no object has none.
func members(text string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for raw, value := range rawMembers(text) {
			if name, _ := decodeString(raw); !yield(name, value) {
				return
			}
		}
	}
}

// rawMembers are members whose names are not decoded either.
func rawMembers(text string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		at := skipSpace(text, 0)
		if at == len(text) || text[at] != '{' {
			return
		}
		for at = skipSpace(text, at+1); text[at] == '"'; at = skipSpace(text, at+1) {
			end := valueEnd(text, at)
			name := text[at:end]
			at = skipSpace(text, end) // the colon
			at = skipSpace(text, at+1)
			end = valueEnd(text, at)
			if !yield(name, text[at:end]) {
				return
			}
			if at = skipSpace(text, end); text[at] == '}' {
				return
			}
		}
	}
}

// valueEnd returns the end of the value that begins at at.
func valueEnd(text string, at int) int {
	switch text[at] {
	case '"':
		return stringEnd(text, at)
	case '{', '[':
		for depth := 0; ; at++ {
			switch text[at] {
			case '"':
				at = stringEnd(text, at) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return at + 1
				}
			}
		}
	default:
		for at < len(text) && !strings.ContainsRune(",}] \t\r\n", rune(text[at])) {
			at++
		}
		return at
	}
}

func stringEnd(text string, at int) int {
	for at++; text[at] != '"'; at++ {
		if text[at] == '\\' {
			at++
		}
	}
	return at + 1
}

func skipSpace(text string, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n') {
		at++
	}
	return at
}

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
