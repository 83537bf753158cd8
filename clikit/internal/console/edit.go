package console

import (
	"unicode"
	"unicode/utf8"
)

// maxAnswer is the length of the longest answer in bytes. Pasted tokens have about 3 KiB.
const maxAnswer = 8 << 10

// key is what an editor made of one byte.
type key int

const (
	keyNone      key = iota // nothing that is seen
	keyAdded                // a character was added to the end
	keyErased               // characters were erased from the end
	keyEnter                // the line is complete
	keyEOF                  // ctrl-D on an empty line
	keyInterrupt            // ctrl-C
	keySuspend              // ctrl-Z
)

// The bytes of the keys that edit.
const (
	ctrlC     = 0x03
	ctrlD     = 0x04
	ctrlH     = 0x08
	ctrlU     = 0x15
	ctrlW     = 0x17
	ctrlZ     = 0x1a
	escape    = 0x1b
	backspace = 0x7f
)

// editor makes one line of the bytes that a terminal sends. Only the end of the line can be changed: answers are short.
type editor struct {
	literal bool   // the bytes come from no keyboard: only ends of lines mean something
	line    []byte // whole characters, and bytes that are of none
	part    []byte // the beginning of a character
	escape  escapeState
	tooLong bool
}

type escapeState int

const (
	noEscape    escapeState = iota
	escapeBegun             // after ESC
	escapeOfOne             // after ESC O: one byte more
	escapeOfCSI             // after ESC [: up to a letter
)

// feed takes the next byte.
func (e *editor) feed(b byte) key {
	if b == '\r' || b == '\n' {
		e.line, e.part = append(e.line, e.part...), nil
		return keyEnter
	}
	if e.literal {
		return e.add(b)
	}
	if e.escape != noEscape {
		e.skip(b)
		return keyNone
	}
	switch b {
	case ctrlC:
		return keyInterrupt
	case ctrlZ:
		return keySuspend
	case ctrlD:
		if len(e.line) == 0 && len(e.part) == 0 {
			return keyEOF
		}
		return keyNone
	case backspace, ctrlH:
		return e.erase(func([]byte) bool { return false })
	case ctrlU:
		return e.erase(func(rest []byte) bool { return len(rest) > 0 })
	case ctrlW:
		return e.erase(func(rest []byte) bool { return len(rest) > 0 && rest[len(rest)-1] != ' ' })
	case escape:
		e.escape = escapeBegun
		return keyNone
	default:
		return e.character(b)
	}
}

// skip passes over what a key without a character sends, such as an arrow.
func (e *editor) skip(b byte) {
	switch {
	case e.escape == escapeBegun && b == '[':
		e.escape = escapeOfCSI
	case e.escape == escapeBegun && b == 'O':
		e.escape = escapeOfOne
	case e.escape == escapeOfCSI && (b < 0x40 || b > 0x7e):
		// A parameter of the sequence.
	default:
		e.escape = noEscape
	}
}

// character collects the bytes of one character. Control characters are left out: nobody types them on purpose, and they
// would be sent to the server. Bytes that are no UTF-8 stay, as a password may be of another encoding.
func (e *editor) character(b byte) key {
	e.part = append(e.part, b)
	if !utf8.FullRune(e.part) {
		return keyNone
	}
	r, _ := utf8.DecodeRune(e.part)
	part := e.part
	e.part = nil
	if unicode.IsControl(r) {
		return keyNone
	}
	return e.add(part...)
}

// add appends to the line, up to its limit.
func (e *editor) add(bytes ...byte) key {
	if len(e.line)+len(bytes) > maxAnswer {
		e.tooLong = true
		return keyNone
	}
	e.line = append(e.line, bytes...)
	return keyAdded
}

// erase takes the last character away, and then more of them while the rest asks for it.
func (e *editor) erase(more func(rest []byte) bool) key {
	e.part = nil
	if len(e.line) == 0 {
		return keyNone
	}
	for {
		_, n := utf8.DecodeLastRune(e.line)
		e.line = e.line[:len(e.line)-n]
		if !more(e.line) {
			e.tooLong = e.tooLong && len(e.line) > 0
			return keyErased
		}
	}
}

// clear begins a new line.
func (e *editor) clear() { *e = editor{literal: e.literal} }
