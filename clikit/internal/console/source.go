package console

import (
	"errors"
	"io"
	"slices"
	"syscall"
)

// source reads ahead of whoever asks. A read of a terminal cannot be called off. So a goroutine makes it, and the question
// that gives up leaves the read to the next one: nothing that is typed gets lost. The goroutine ends with its read.
type source struct {
	in      io.Reader
	buf     []byte // has been read and not been taken
	err     error  // why there is no more
	afterCR bool   // the last byte that was taken ended a line, so that a line feed would be of the same end
	reading bool
	done    chan chunk
}

// chunk is what one read brought.
type chunk struct {
	data []byte
	err  error
}

const chunkSize = 4096

func newSource(in io.Reader) *source { return &source{in: in, done: make(chan chunk, 1)} }

// more returns the channel of a read that is under way. What comes out of it must be given to keep.
func (s *source) more() <-chan chunk {
	if !s.reading {
		s.reading = true
		go func() {
			data := make([]byte, chunkSize)
			n, err := s.in.Read(data)
			s.done <- chunk{data[:n], err}
		}()
	}
	return s.done
}

func (s *source) keep(c chunk) {
	s.reading = false
	s.buf = append(s.buf, c.data...)
	s.err = c.err
	if errors.Is(c.err, syscall.EIO) { // what Linux says of a terminal that was closed
		s.err = io.EOF
	}
}

// take returns the next byte, if there is one. A line feed after a carriage return is left out.
func (s *source) take() (b byte, ok bool) {
	for len(s.buf) > 0 {
		b, s.buf = s.buf[0], s.buf[1:]
		skip := s.afterCR && b == '\n'
		s.afterCR = b == '\r'
		if !skip {
			return b, true
		}
	}
	return 0, false
}

// drop forgets what has been read.
func (s *source) drop() {
	s.buf = slices.Delete(s.buf, 0, len(s.buf))
}
