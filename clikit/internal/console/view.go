package console

import (
	"fmt"
	"io"
	"strings"
)

// view is what stands on the screen while something is asked: a line that tells the time, the question, and what has been
// typed of the answer. Each of them may be missing.
type view struct {
	out     screen
	moves   bool // the cursor can be moved, and what is typed is drawn here
	hidden  bool // what is typed is not shown
	status  func() string
	ask     string // the last line of the question
	rows    int    // how far the cursor is below the first row
	printed bool   // the lines that are printed once have been
}

// begin prints all but the last line of the question.
func (v *view) begin() {
	if i := strings.LastIndexByte(v.ask, '\n'); i >= 0 {
		v.write(v.ask[:i+1])
		v.ask = v.ask[i+1:]
	}
}

// write shows text; nobody could be told that it failed.
func (v *view) write(text string) { _, _ = io.WriteString(v.out, text) }

// draw shows everything, in the place of what it showed before.
func (v *view) draw(typed []byte) {
	if !v.moves {
		v.drawOnce()
		return
	}
	columns, _ := v.out.size()
	var text strings.Builder
	if v.rows > 0 {
		fmt.Fprintf(&text, "\x1b[%dA", v.rows)
	}
	text.WriteString("\r\x1b[J") // to the end of the screen
	v.rows = 0
	if v.status != nil {
		text.WriteString(cut(v.status(), columns-1))
		if v.ask != "" {
			text.WriteString("\r\n")
			v.rows++
		}
	}
	answer := v.shown(typed)
	text.WriteString(v.ask + answer)
	v.rows += rowsOf(v.ask+answer, columns)
	v.write(text.String())
}

// drawOnce shows everything once, for a terminal that can only print and for files.
func (v *view) drawOnce() {
	if v.printed {
		return
	}
	v.printed = true
	if v.status != nil {
		v.write(v.status() + "\n")
	}
	v.write(v.ask)
}

// shown is what of the answer may be seen.
func (v *view) shown(typed []byte) string {
	if v.hidden {
		return ""
	}
	return Printable(string(typed))
}
