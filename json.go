package tcbauth

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// jsonNumber is an integer that may come as a string.
type jsonNumber int

func (n *jsonNumber) UnmarshalJSON(data []byte) error {
	*n = 0
	f, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	if err == nil && f >= -1<<31 && f < 1<<31 {
		*n = jsonNumber(f)
	}
	return nil
}

// jsonStrings is a list of strings, or of objects with an id: groups come as either (WIRE.md 12).
type jsonStrings []string

func (s *jsonStrings) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, (*[]string)(s)) == nil && !slices.Contains(*s, "") {
		return nil
	}
	*s = nil
	var list []json.RawMessage
	if json.Unmarshal(data, &list) != nil {
		return nil
	}
	for _, raw := range list {
		var text string
		var object struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(raw, &text) == nil {
			if text != "" { // null
				*s = append(*s, text)
			}
		} else if json.Unmarshal(raw, &object) == nil && object.ID != "" {
			*s = append(*s, object.ID)
		}
	}
	return nil
}

// jsonInstant is a point in time in the form of JavaScript's Date: UTC, with milliseconds.
type jsonInstant time.Time

func (t jsonInstant) IsZero() bool { return time.Time(t).IsZero() }

func (t jsonInstant) MarshalJSON() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000Z"`), nil
}

func (t *jsonInstant) UnmarshalJSON(data []byte) error {
	*t = jsonInstant{}
	at, err := time.Parse(time.RFC3339, strings.Trim(string(data), `"`))
	if err != nil {
		ms, err := strconv.ParseInt(string(data), 10, 64)
		if err != nil {
			return nil //nolint:nilerr // a field of another type counts as absent
		}
		at = time.UnixMilli(ms)
	}
	if year := at.UTC().Year(); year >= 1 && year <= 9999 { // what the form can say
		*t = jsonInstant(at)
	}
	return nil
}

// hasOtherKeys reports whether the JSON object in data, which is well formed, has keys that are not known. It spares
// most sessions a second decoding.
func hasOtherKeys(data []byte, known []string) bool {
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			start := i + 1
			i = stringEnd(data, start)
			if depth == 1 && isKey(data[i+1:]) && !slices.Contains(known, string(data[start:i])) {
				return true
			}
		}
	}
	return false
}

// stringEnd is the index of the quote that ends the string whose text begins at start.
func stringEnd(data []byte, start int) int {
	for i := start; ; {
		i += bytes.IndexByte(data[i:], '"')
		escapes := 0
		for data[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
		i++
	}
}

func isKey(after []byte) bool {
	for _, b := range after {
		switch b {
		case ' ', '\t', '\n', '\r':
		default:
			return b == ':'
		}
	}
	return false
}

// jsonSeconds is a NumericDate of RFC 7519, which may have a fraction.
type jsonSeconds int64

func (n *jsonSeconds) UnmarshalJSON(data []byte) error {
	*n = 0
	if f, err := strconv.ParseFloat(string(data), 64); err == nil && f >= -1<<53 && f <= 1<<53 {
		*n = jsonSeconds(f)
	}
	return nil
}
