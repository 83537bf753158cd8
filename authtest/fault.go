package authtest

import (
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/ops"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// Fault is a failure for the calls of one operation. It has a Delay, or one of Error, Close and Body, or a Delay and one of
// these.
type Fault struct {
	Operation string        // such as "token"; see the package comment
	Times     int           // the most calls that it hits, from the next one on; 0 is every call until Lift or Reset
	Every     int           // hit the call of this number and its multiples: with 3 the third call, the sixth, ...; 0 is 1
	To        string        // hit only calls about this phone number or email address; "" is all
	Delay     time.Duration // wait before anything is done; ends early, without an answer, when the caller gives up or the server closes
	Error     *Error        // answer this; nothing is done
	Close     Close         // close the connection instead of answering
	Body      Damage        // corrupt the answer, after the call was carried out
	Status    int           // HTTP status of an HTML page; 0 is 502, as of a proxy
}

// Close says when a [Fault] closes the connection without an answer.
type Close int

// The moments of a Close. The zero value does not close.
const (
	BeforeCommit Close = iota + 1 // nothing was done
	AfterCommit                   // it was done, and the answer is lost
)

// Damage says how a [Fault] corrupts an answer. The status and the Content-Type stay as in the whole answer, except for
// HTML.
type Damage int

// The kinds of Damage. The zero value does none.
const (
	CutBody Damage = iota + 1 // the connection closes in the middle of the body, before its Content-Length is reached
	BadJSON                   // the body ends in the middle of its JSON, and the answer is complete as HTTP
	HTML                      // a page of HTML, as a proxy answers in the server's place
)

// Error is an answer that refuses a call, in the server's form {"error","error_code","error_description","code"}. In a
// [Fault] it is the server's answer.
type Error struct {
	Status      int    // HTTP status; 0 is the usual one of the error code: 429 for resource_exhausted, 503 for unavailable, 400 for an unknown code
	Code        string // the error code, the field "error", such as "resource_exhausted"; required
	Number      int    // "error_code"; 0 leaves the field out
	Description string // "error_description"
}

// Error returns the status, the error code and the number, without the description.
func (e *Error) Error() string { return e.refusal().Error() }

func (e *Error) refusal() *refusal.Error {
	if e == nil {
		return nil
	}
	return &refusal.Error{Status: e.Status, Code: e.Code, Number: e.Number, Description: e.Description}
}

// Injected is an active Fault.
type Injected struct{ injected *service.Injected }

// Fired returns the number of calls that the fault has hit so far.
func (i *Injected) Fired() int { return i.injected.Fired() }

// Lift ends the fault: it hits no later call. Calling it again changes nothing.
func (i *Injected) Lift() { i.injected.Lift() }

// Fault activates a fault. Only one fault hits a call: the oldest one for its operation that still has calls to hit. A call
// is about an address if its body or query contains the address, if its code or verification_token was sent to the address,
// or if the account of its tokens has the address.
//
// A Fault that names an unknown operation, or is contradictory, fails the test, or panics if Listen made the server. A
// fault that never hit a call fails the test when the test ends. After Listen, check Fired.
func (s *Server) Fault(f Fault) *Injected {
	s.helper()
	i, err := ops.Inject(s.service, service.Fault{
		Operation: f.Operation, Times: f.Times, Every: f.Every, To: f.To, Delay: f.Delay, Error: f.Error.refusal(),
		Close: service.Close(f.Close), Body: service.Damage(f.Body), Status: f.Status,
	})
	if err != nil {
		s.fatalf("Fault: %v", err)
		return nil
	}
	return &Injected{i}
}
