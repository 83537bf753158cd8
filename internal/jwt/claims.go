package jwt

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// claims reads the few claims that are wanted, without a map of all.
func claims(payload []byte) Claims {
	var c Claims
	members(payload, func(name, value []byte) {
		switch string(name) {
		case "sub":
			c.Subject = text(value)
		case "project_id":
			c.ProjectID = text(value)
		case "provider_type":
			c.ProviderType = text(value)
		case "scope":
			c.Scope = text(value)
		case "exp":
			c.ExpiresAt = seconds(value)
		case "iat":
			c.IssuedAt = seconds(value)
		}
	})
	return c
}

// members calls member for each member of the JSON object that data is. It relies on data being well formed.
func members(data []byte, member func(name, value []byte)) {
	depth, start := 0, 0
	var name []byte
	for i := 0; i < len(data); i++ {
		b := data[i]
		switch b {
		case '"':
			end := stringEnd(data, i)
			if depth == 1 && name == nil {
				name = data[i:end]
			}
			i = end - 1
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		switch {
		case b == ':' && depth == 1:
			start = i + 1
		case name != nil && (b == ',' && depth == 1 || depth == 0):
			member(content(name), bytes.Trim(data[start:i], " \t\r\n"))
			name = nil
		}
	}
}

// stringEnd is the index after the string that begins at data[i].
func stringEnd(data []byte, i int) int {
	for i++; data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// text decodes a string. Any other value is "".
func text(value []byte) string {
	if value[0] != '"' {
		return ""
	}
	return string(content(value))
}

// content is a string without its quotes and escapes.
func content(quoted []byte) []byte {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return inner
	}
	return unescape(quoted)
}

// unescape is apart from content because what encoding/json fills lies on the heap.
func unescape(quoted []byte) []byte {
	var s string
	_ = json.Unmarshal(quoted, &s) // well formed, and a string
	return []byte(s)
}

// seconds decodes a NumericDate, of which a fraction is cut off. What is no number that a float64 holds exactly is 0.
func seconds(value []byte) int64 {
	if f, err := strconv.ParseFloat(string(value), 64); err == nil && f >= -1<<53 && f <= 1<<53 {
		return int64(f)
	}
	return 0
}
