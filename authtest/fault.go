package authtest

import (
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/ops"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// Fault is something that shall go wrong with calls of one operation. It has a Delay, or one of Error, Close and Body,
// or a Delay and one of them.
type Fault struct {
	Operation string        // such as "token"; see the package comment
	Times     int           // how many calls it hits at most, from the next one on; 0 is every call until Lift or Reset
	Every     int           // hit the call of this number and its multiples: with 3 the third call, the sixth, ...; 0 is 1
	To        string        // hit only calls about this phone number or e-mail address; "" is all
	Delay     time.Duration // wait before anything is done; ends early, without an answer, when the caller gives up or the server closes
	Error     *Error        // answer this; nothing is done
	Close     Close         // close the connection instead of answering
	Body      Damage        // spoil the answer; what was asked for is done
	Status    int           // HTTP status of an HTML page; 0 is 502, as of a proxy
}

// Close says when a [Fault] closes the connection without an answer.
type Close int

// The moments of a Close. The zero value does not close.
const (
	BeforeCommit Close = iota + 1 // nothing was done
	AfterCommit                   // it was done, and the answer is lost
)

// Damage says how a [Fault] spoils an answer. The status and the Content-Type are those of the whole answer, but for HTML.
type Damage int

// The kinds of Damage. The zero value does none.
const (
	CutBody Damage = iota + 1 // the connection closes in the middle of the body, before its Content-Length is reached
	BadJSON                   // the body ends in the middle of its JSON, and the answer is complete as HTTP
	HTML                      // a page of HTML, as a proxy answers in the server's place
)

// Error is an answer that refuses a call, in the server's form {"error","error_code","error_description",
// "code"} (WIRE.md section 3.2). In a [Fault] it says what the server shall answer.
type Error struct {
	Status      int    // HTTP status; 0 is the usual one for the word: 429 for resource_exhausted, 503 for unavailable, 400 for words it does not know
	Word        string // "error", such as "resource_exhausted"; required
	Number      int    // "error_code"; 0 leaves the field out
	Description string // "error_description"
}

// Error says the status, the word and the number; it leaves the description out.
func (e *Error) Error() string { return e.refusal().Error() }

func (e *Error) refusal() *refusal.Error {
	if e == nil {
		return nil
	}
	return &refusal.Error{Status: e.Status, Word: e.Word, Number: e.Number, Description: e.Description}
}

// Injected is a Fault in force.
type Injected struct{ injected *service.Injected }

// Fired returns how many calls the fault has hit so far.
func (i *Injected) Fired() int { return i.injected.Fired() }

// Lift ends the fault: it hits no call that comes from now on. To lift it again changes nothing.
func (i *Injected) Lift() { i.injected.Lift() }

// Fault puts a fault in force. A call is hit by one fault: the oldest for its operation that has it to hit. A call is about
// an address that its body or query has in the clear, that its code or verification_token was sent to, or that the account of its
// tokens has.
//
// A Fault that names an unknown operation or makes no sense fails the test, or panics if the server was made by
// Listen. A fault that never fired fails the test when the test ends; after Listen, ask Fired.
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
