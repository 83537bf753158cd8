package authtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Fault is something that shall go wrong with calls of one operation. It has a Delay, or one of Error, Close and Body,
// or a Delay and one of them.
type Fault struct {
	Operation string        // such as "token"; see the package comment
	Times     int           // how many calls it hits, from the next one on; 0 is every call until Reset
	Delay     time.Duration // wait before anything is done; ends early, without an answer, when the caller gives up or the server closes
	Error     *Error        // answer this; nothing is done
	Close     Close         // close the connection instead of answering
	Body      Damage        // spoil the answer; what was asked for is done
}

// Close says when a [Fault] closes the connection without an answer.
type Close int

// The moments of a Close. The zero value does not close.
const (
	BeforeCommit Close = iota + 1 // nothing was done
	AfterCommit                   // it was done, and the answer is lost
)

// Damage says how a [Fault] spoils an answer. The status and the Content-Type are those of the whole answer.
type Damage int

// The kinds of Damage. The zero value does none.
const (
	CutBody Damage = iota + 1 // the connection closes in the middle of the body, before its Content-Length is reached
	BadJSON                   // the body ends in the middle of its JSON, and the answer is complete as HTTP
)

// Injected is a Fault in force.
type Injected struct {
	server *Server
	fault  Fault
	fired  int
}

// Fired returns how many calls the fault has hit so far.
func (i *Injected) Fired() int {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	return i.fired
}

// Fault puts a fault in force. A call is hit by one fault: of those for its operation, the oldest that has calls left.
// A Fault that names an unknown operation or makes no sense fails the test, or panics if the server was made by
// Listen. A fault that never fired fails the test when the test ends; after Listen, ask Fired.
func (s *Server) Fault(f Fault) *Injected {
	s.helper()
	i, err := s.inject(f)
	if err != nil {
		s.fatalf("Fault: %v", err)
		return nil
	}
	return i
}

func (s *Server) inject(f Fault) (*Injected, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.Error != nil {
		refusal := *f.Error
		f.Error = &refusal
	}
	i := &Injected{server: s, fault: f}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.faults = append(s.state.faults, i)
	return i, nil
}

func (f Fault) check() error {
	effects := 0
	for _, has := range []bool{f.Error != nil, f.Close != 0, f.Body != 0} {
		if has {
			effects++
		}
	}
	switch {
	case !knownOperation(f.Operation):
		return fmt.Errorf("unknown operation %q", f.Operation)
	case f.Times < 0:
		return fmt.Errorf("negative Times: %d", f.Times)
	case f.Delay < 0:
		return fmt.Errorf("negative Delay: %v", f.Delay)
	case f.Close < 0 || f.Close > AfterCommit:
		return fmt.Errorf("unknown Close: %d", f.Close)
	case f.Body < 0 || f.Body > BadJSON:
		return fmt.Errorf("unknown Body: %d", f.Body)
	case effects == 0 && f.Delay == 0:
		return errors.New("the fault has no effect")
	case effects > 1:
		return errors.New("more than one of Error, Close and Body")
	case f.Error != nil && f.Error.Word == "":
		return errors.New("Error has no Word")
	case f.Error != nil && (f.Error.status() < 200 || f.Error.status() > 599):
		return fmt.Errorf("Error has the status %d", f.Error.Status)
	}
	return nil
}

// takeFault returns the fault that hits this call of an operation, or the zero value. s.mu is held.
func (s *Server) takeFault(name string) Fault {
	for _, i := range s.state.faults {
		if i.fault.Operation == name && (i.fault.Times == 0 || i.fired < i.fault.Times) {
			i.fired++
			return i.fault
		}
	}
	return Fault{}
}

// reportUnfired fails the test for every fault that has hit nothing.
func (s *Server) reportUnfired() {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.state.faults {
		if i.fired == 0 {
			s.tb.Errorf("authtest: a Fault for %q never fired", i.fault.Operation)
		}
	}
}

// sleep waits for d and reports whether it was left to.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// write sends an answer, damaged or not. A caller that is gone is not the server's concern.
func (d Damage) write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	half := body[:len(body)/2]
	if d == BadJSON {
		body = half
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if d != CutBody {
		_, _ = w.Write(body) //nolint:gosec // G705: JSON from encoding/json, which escapes HTML, and sent as JSON
		return
	}
	_, _ = w.Write(half) //nolint:gosec // G705: as above
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
