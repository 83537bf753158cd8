package terminal

import (
	"strings"
	"unicode/utf8"
)

// screen is what a terminal shows: the few escape sequences that clikit uses, and no others. Its lines never scroll away.
type screen struct {
	columns     int
	lines       [][]string // cells; the second one of a wide character is empty
	row, column int
	part        []byte   // of a character or of a sequence
	unknown     []string // sequences that it does not understand
}

func newScreen(columns int) *screen { return &screen{columns: columns} }

// write takes what a program prints.
func (s *screen) write(data []byte) {
	s.part = append(s.part, data...)
	for len(s.part) > 0 {
		n := s.next()
		if n == 0 {
			return
		}
		s.part = s.part[n:]
	}
}

// next carries out what stands at the beginning, and returns its length; 0 when the end of it has not come yet.
func (s *screen) next() int {
	switch s.part[0] {
	case '\r':
		s.column = 0
	case '\n':
		s.row++
	case '\b':
		s.column = max(0, s.column-1)
	case 0x1b:
		return s.sequence()
	default:
		if !utf8.FullRune(s.part) {
			return 0
		}
		r, n := utf8.DecodeRune(s.part)
		s.put(r)
		return n
	}
	return 1
}

// sequence carries out ESC [ parameters letter.
func (s *screen) sequence() int {
	for i := 2; i < len(s.part); i++ {
		letter := s.part[i]
		if letter < 0x40 || letter > 0x7e {
			continue
		}
		parameters := string(s.part[2:i])
		switch {
		case s.part[1] != '[':
			s.unknown = append(s.unknown, string(s.part[:i+1]))
		case letter == 'm':
		case letter == 'A':
			n := 0
			for _, digit := range parameters {
				n = 10*n + int(digit-'0')
			}
			s.row = max(0, s.row-max(1, n))
		case letter == 'J' && parameters == "":
			s.erase(s.row + 1)
			s.eraseLine()
		case letter == 'K' && parameters == "":
			s.eraseLine()
		default:
			s.unknown = append(s.unknown, string(s.part[:i+1]))
		}
		return i + 1
	}
	return 0
}

// put shows one character, in the next row where it does not fit.
func (s *screen) put(r rune) {
	n := runeWidth(r)
	if s.column+n > s.columns {
		s.row, s.column = s.row+1, 0
	}
	for len(s.lines) <= s.row {
		s.lines = append(s.lines, nil)
	}
	line := s.lines[s.row]
	for len(line) < s.column+n {
		line = append(line, " ")
	}
	line[s.column] = string(r)
	if n == 2 {
		line[s.column+1] = ""
	}
	s.lines[s.row] = line
	s.column += n
}

// runeWidth is 2 for the characters of East Asia and 1 for all else.
func runeWidth(r rune) int {
	if r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff || r >= 0xff00 && r <= 0xff60 {
		return 2
	}
	return 1
}

func (s *screen) erase(row int) {
	if row < len(s.lines) {
		s.lines = s.lines[:row]
	}
}

func (s *screen) eraseLine() {
	if s.row < len(s.lines) && s.column < len(s.lines[s.row]) {
		s.lines[s.row] = s.lines[s.row][:s.column]
	}
}

// text is all that stands on the screen, without the blanks at the ends of lines.
func (s *screen) text() string {
	lines := make([]string, len(s.lines))
	for i, cells := range s.lines {
		lines[i] = strings.TrimRight(strings.Join(cells, ""), " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}
