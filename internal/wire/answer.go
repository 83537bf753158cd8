package wire

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxAnswer is the most that is read of one answer, in bytes.
const maxAnswer = 1 << 20

// answer is a complete answer of the server.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// cutError is an answer that ended before it was complete.
type cutError struct {
	status int
	err    error // one of the two below, or what the transport said, made quiet
}

func (e *cutError) Error() string { return "reading the answer: " + e.err.Error() }
func (e *cutError) Unwrap() error { return e.err }

// What is not read, or not to its end.
var (
	errTooLarge = fmt.Errorf("%w: larger than %d bytes", ErrInvalidResponse, maxAnswer)
	// errSwitched: the body is the connection itself, the reading of which ends with no time limit and no context.
	errSwitched = fmt.Errorf("%w: a switch to another protocol", ErrInvalidResponse)
)

// read takes over resp, and reads and closes its body. It returns nil for a whole answer.
func (a *answer) read(resp *http.Response) *cutError {
	defer func() { _ = resp.Body.Close() }() // nothing is lost by a failing Close of a body that was read
	a.status, a.header = resp.StatusCode, resp.Header
	if a.status == http.StatusSwitchingProtocols {
		return &cutError{status: a.status, err: errSwitched}
	}
	size := resp.ContentLength
	if size > maxAnswer {
		return &cutError{status: a.status, err: errTooLarge}
	}
	if size > 0 { // fake transports leave 0 beside a body
		a.body = make([]byte, size)
		if _, err := io.ReadFull(resp.Body, a.body); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return &cutError{status: a.status, err: quiet(err)}
		}
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return &cutError{status: a.status, err: quiet(err)}
	case len(body) > maxAnswer:
		return &cutError{status: a.status, err: errTooLarge}
	}
	a.body = body
	return nil
}
