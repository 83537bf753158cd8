// Package lenient reads JSON whose fields may be of another type than expected: such a field counts as not given.
//
// It judges whether a text is well formed as encoding/json does, compares names exactly, and reads in one pass without
// reflection:
//
//	c := lenient.Object(data)
//	for c.Next() {
//		switch string(c.Name()) {
//		case "sub":
//			out.Sub = c.Value().Text()
//		case "expires_in":
//			out.ExpiresIn = c.Value().Int()
//		}
//	}
//	err := c.Err()
//
// Of a name that comes twice the last value counts, if the caller assigns every value that it sees, as here.
package lenient

import (
	"errors"
	"unsafe"
)

var (
	errSyntax = errors.New("not well-formed JSON")
	errType   = errors.New("well-formed JSON of another type than wanted")
)

// Cursor goes through the members of an object or the elements of a list. What it returns is part of the text that it was
// made from, and valid as long as that does not change. It is not safe for concurrent use.
type Cursor struct {
	data    []byte
	text    string // the same as data, "" if that is no string
	at      int
	closing byte // the brace or bracket that ends the text, 0 when there is nothing more to read
	later   bool // the next one is not the first, so that a comma is before it
	name    Value
	value   Value
	err     error
}

// Object returns a Cursor before the first member of the object that data is. A null has no members. Of anything else
// there are none either, and Err says so.
func Object(data []byte) Cursor { return open(data, '{', '}') }

// Array is like [Object] for a list and its elements.
func Array(data []byte) Cursor { return open(data, '[', ']') }

// ObjectIn is [Object] for a string. The texts of all values are parts of it, in place of a piece of memory each: it lives as
// long as one of them does.
func ObjectIn(text string) Cursor {
	c := Object(bytesOf(text))
	c.text = text
	return c
}

// bytesOf is text without a copy. A Cursor only reads.
func bytesOf(text string) []byte {
	return unsafe.Slice(unsafe.StringData(text), len(text)) //nolint:gosec // nothing here writes to it
}

func open(data []byte, opening, closing byte) Cursor {
	i := skipSpace(data, 0)
	if i < len(data) && data[i] == opening {
		return Cursor{data: data, at: i + 1, closing: closing}
	}
	switch {
	case !Valid(data):
		return Cursor{err: errSyntax}
	case data[i] != 'n':
		return Cursor{err: errType}
	}
	return Cursor{}
}

// Valid reports whether data is one well-formed JSON value.
func Valid(data []byte) bool {
	end, _ := scanValue(data, skipSpace(data, 0), 0)
	return end != bad && skipSpace(data, end) == len(data)
}

// Next goes to the next member or element and reports whether there is one. The text after it is not looked at before
// the next call, so whoever wants to know that the whole text is well formed calls Next until it is false, then Err.
func (c *Cursor) Next() bool {
	if c.closing == 0 {
		return false
	}
	i := skipSpace(c.data, c.at)
	if i < len(c.data) && c.data[i] == c.closing {
		c.closing = 0
		if skipSpace(c.data, i+1) != len(c.data) {
			c.err = errSyntax
		}
		return false
	}
	if c.later {
		if i >= len(c.data) || c.data[i] != ',' {
			return c.fail()
		}
		i = skipSpace(c.data, i+1)
	}
	if c.closing == '}' {
		if i = c.readName(i); i == bad {
			return c.fail()
		}
	}
	end, plain := scanValue(c.data, i, 1)
	if end == bad {
		return c.fail()
	}
	c.value = Value{raw: c.data[i:end:end], plain: plain}
	if c.text != "" {
		c.value.text = c.text[i:end]
	}
	c.at, c.later = end, true
	return true
}

// readName reads a name and its colon and returns where the value begins.
func (c *Cursor) readName(i int) int {
	if i >= len(c.data) || c.data[i] != '"' {
		return bad
	}
	end, plain := scanString(c.data, i)
	if end == bad {
		return bad
	}
	c.name = Value{raw: c.data[i:end:end], plain: plain}
	if i = skipSpace(c.data, end); i >= len(c.data) || c.data[i] != ':' {
		return bad
	}
	return skipSpace(c.data, i+1)
}

func (c *Cursor) fail() bool {
	c.closing, c.err = 0, errSyntax
	return false
}

// Name is the present member's name, without quotes and escapes. An element of a list has none.
func (c *Cursor) Name() []byte {
	if c.name.plain {
		return c.name.inner()
	}
	return c.name.appendText(nil)
}

// Value is the present member's or element's value.
func (c *Cursor) Value() Value { return c.value }

// Err says why Next is false: nil at the end of a text that is well formed. It has nothing of the text in it.
func (c *Cursor) Err() error { return c.err }
