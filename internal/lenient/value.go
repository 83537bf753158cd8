package lenient

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Value is a JSON value. Its methods return the zero value of their type if it is of another type, or if it is the zero
// Value, which is what a field that is not given has.
type Value struct {
	raw   []byte
	text  string // raw as a part of a string, "" for none
	plain bool   // a string of ASCII without escapes
}

// Bytes is the value's JSON, a part of the text that was read. Nil for the zero Value.
func (v Value) Bytes() []byte { return v.raw }

// Raw is a copy of the value's JSON, nil for the zero Value.
func (v Value) Raw() json.RawMessage { return bytes.Clone(v.raw) }

// Bool reports whether the value is true.
func (v Value) Bool() bool { return string(v.raw) == "true" }

// Text is a string. What is no UTF-8 in it becomes U+FFFD, as in encoding/json.
func (v Value) Text() string {
	inner := v.inner()
	switch {
	case !v.plain && (bytes.IndexByte(inner, '\\') >= 0 || !utf8.Valid(inner)):
	case v.text != "" && inner != nil:
		return v.text[1 : len(v.text)-1]
	default:
		return string(inner)
	}
	var room [128]byte // on the stack, for most texts
	return string(v.appendText(room[:0]))
}

// inner is what stands between the quotes of a string, nil if there are none.
func (v Value) inner() []byte {
	if !v.isString() {
		return nil
	}
	return v.raw[1 : len(v.raw)-1]
}

func (v Value) isString() bool {
	return len(v.raw) >= 2 && v.raw[0] == '"' && v.raw[len(v.raw)-1] == '"'
}

// appendText appends a string without its escapes.
func (v Value) appendText(dst []byte) []byte {
	text := v.inner()
	for len(text) > 0 {
		switch b := text[0]; {
		case b == '\\' && len(text) > 1:
			dst, text = appendEscaped(dst, text[1:])
		case b < utf8.RuneSelf:
			dst, text = append(dst, b), text[1:]
		default:
			r, size := utf8.DecodeRune(text)
			dst, text = utf8.AppendRune(dst, r), text[size:]
		}
	}
	return dst
}

// appendEscaped appends what the escape at the beginning of text, whose backslash is cut off, stands for. It returns the
// text after it too.
func appendEscaped(dst, text []byte) (longer, rest []byte) {
	b := text[0]
	switch b {
	case 'b':
		b = '\b'
	case 'f':
		b = '\f'
	case 'n':
		b = '\n'
	case 'r':
		b = '\r'
	case 't':
		b = '\t'
	case 'u':
		if r := hex4(text[1:]); r >= 0 {
			return appendUnit(dst, r, text[5:])
		}
	}
	return append(dst, b), text[1:]
}

// appendUnit appends a unit of UTF-16, together with the one that the escape at the beginning of rest has if the two are
// a pair. A unit without its partner becomes U+FFFD.
func appendUnit(dst []byte, r rune, rest []byte) (longer, after []byte) {
	if utf16.IsSurrogate(r) {
		second := rune(-1)
		if len(rest) > 1 && rest[0] == '\\' && rest[1] == 'u' {
			second = hex4(rest[2:])
		}
		if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
			rest = rest[6:]
		}
	}
	return utf8.AppendRune(dst, r), rest
}

// Int is a number of 32 bits, or a string that holds one. A fraction is cut off.
func (v Value) Int() int {
	text := v.raw
	if v.isString() {
		text = v.inner()
	}
	if f, ok := number(text); ok && f >= math.MinInt32 && f < math.MaxInt32+1 { // NaN is no such number
		return int(f)
	}
	return 0
}

// Whole is a number without fraction and exponent that an int holds, which is what encoding/json takes for an int.
func (v Value) Whole() int {
	if v.isString() || len(v.raw) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(string(v.raw), 10, strconv.IntSize)
	if err != nil {
		return 0
	}
	return int(n)
}

// Seconds is a NumericDate of RFC 7519: seconds since 1970, of which a fraction is cut off. A number that a float64 does
// not hold exactly is none.
func (v Value) Seconds() int64 {
	if f, ok := number(v.raw); ok && f >= -1<<53 && f <= 1<<53 {
		return int64(f)
	}
	return 0
}

// number is fast for what most numbers are: a few digits.
func number(text []byte) (f float64, ok bool) {
	if len(text) > 0 && len(text) <= 15 {
		n := int64(0)
		for _, b := range text {
			if !isDigit(b) {
				n = -1
				break
			}
			n = n*10 + int64(b-'0')
		}
		if n >= 0 {
			return float64(n), true
		}
	}
	f, err := strconv.ParseFloat(string(text), 64)
	return f, err == nil
}

// Time is a point in time in RFC 3339, or a number of milliseconds since 1970. A year before 1 or after 9999, which the
// first form cannot say, counts as not given.
func (v Value) Time() time.Time {
	var at time.Time
	if v.isString() {
		if at.UnmarshalText(v.inner()) != nil { // strict, and without a copy of the text
			parsed, err := time.Parse(time.RFC3339, string(v.inner()))
			if err != nil {
				return time.Time{}
			}
			at = parsed
		}
	} else {
		ms, err := strconv.ParseInt(string(v.raw), 10, 64)
		if err != nil {
			return time.Time{}
		}
		at = time.UnixMilli(ms)
	}
	if s := at.Unix(); s < firstSecond || s > lastSecond {
		return time.Time{}
	}
	return at
}

// The seconds since 1970 at which the year 1 begins and the year 9999 ends, in UTC.
const (
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

// IDs is a list of strings, or of objects with an id, which stands for them. What is neither, or empty, is left out.
func (v Value) IDs() []string {
	if !v.isArray() {
		return nil
	}
	c := v.Array()
	if !c.Next() {
		return []string{}
	}
	var list []string
	for more := true; more; more = c.Next() {
		one := c.Value()
		id := one.Text()
		if id == "" {
			id = one.Member("id").Text()
		}
		if id == "" {
			continue
		}
		if list == nil {
			list = make([]string, 0, 4) // few people are in more groups
		}
		list = append(list, id)
	}
	return list
}

// List has what one makes of each element of a list. What is no list is nil.
func List[T any](v Value, one func(Value) T) []T {
	if !v.isArray() {
		return nil
	}
	list := []T{}
	c := v.Array()
	for c.Next() {
		list = append(list, one(c.Value()))
	}
	return list
}

func (v Value) isArray() bool { return len(v.raw) > 0 && v.raw[0] == '[' }

// Member is the value of an object's member of this name, the last one if there are several. It is the zero Value if
// there is none.
func (v Value) Member(name string) Value {
	var found Value
	c := v.Object()
	for c.Next() {
		if string(c.Name()) == name {
			found = c.Value()
		}
	}
	return found
}

// IsObject reports whether the value is an object.
func (v Value) IsObject() bool { return len(v.raw) > 0 && v.raw[0] == '{' }

// Map is an object's members. What is no object is nil.
func (v Value) Map() map[string]json.RawMessage {
	if !v.IsObject() {
		return nil
	}
	members := make(map[string]json.RawMessage)
	c := v.Object()
	for c.Next() {
		members[string(c.Name())] = c.Value().Raw()
	}
	return members
}

// Object goes through the members of an object. What is no object has none.
func (v Value) Object() Cursor { return v.inside(Object(v.raw)) }

// Array goes through the elements of a list. What is no list has none.
func (v Value) Array() Cursor { return v.inside(Array(v.raw)) }

// inside makes c, which goes through v, share the memory of v's texts.
func (v Value) inside(c Cursor) Cursor {
	c.text = v.text
	return c
}
