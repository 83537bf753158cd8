package service

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
)

// Fault is something that shall go wrong with calls of one operation.
type Fault struct {
	Operation string
	Times     int            // how many calls it hits at most; 0 is every call
	Every     int            // hit the call of this number and its multiples; 0 is 1
	To        string         // hit only calls about this address; "" is all
	Delay     time.Duration  // wait before anything is done
	Error     *refusal.Error // answer this; nothing is done
	Close     Close          // close the connection instead of answering
	Body      Damage         // spoil the answer; what was asked for is done
	Status    int            // HTTP status of an HTML page; 0 is 502
}

// Close says when a fault closes the connection without an answer. The zero value does not.
type Close int

// The moments of a Close.
const (
	BeforeCommit Close = iota + 1 // nothing was done
	AfterCommit                   // it was done, and the answer is lost
)

var closeNames = []string{"", "before_commit", "after_commit"}

// String is the name of the moment in JSON.
func (c Close) String() string { return nameOf(c, closeNames) }

// MarshalText is String.
func (c Close) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads a name.
func (c *Close) UnmarshalText(text []byte) error {
	return readName(c, "close", string(text), closeNames)
}

// Damage says how a fault spoils an answer. The zero value does not.
type Damage int

// The kinds of Damage.
const (
	CutBody Damage = iota + 1 // the connection closes in the middle of the body
	BadJSON                   // the body ends in the middle of its JSON
	HTML                      // a page of HTML, as a proxy answers
)

var damageNames = []string{"", "cut_body", "bad_json", "html"}

// String is the name of the damage in JSON.
func (d Damage) String() string { return nameOf(d, damageNames) }

// MarshalText is String.
func (d Damage) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a name.
func (d *Damage) UnmarshalText(text []byte) error {
	return readName(d, "body", string(text), damageNames)
}

func nameOf[T ~int](v T, names []string) string {
	if v < 0 || int(v) >= len(names) {
		return strconv.Itoa(int(v))
	}
	return names[v]
}

func readName[T ~int](v *T, field, name string, names []string) error {
	i := slices.Index(names, name)
	if i < 0 {
		return fmt.Errorf("%s %q is none of: %s", field, name, strings.Join(names[1:], ", "))
	}
	*v = T(i)
	return nil
}

// String says what the fault does, and not to whom: "delay=1s error=unavailable status=503".
func (f *Fault) String() string {
	var parts []string
	add := func(name string, value any) { parts = append(parts, fmt.Sprintf("%s=%v", name, value)) }
	if f.Delay > 0 {
		add("delay", f.Delay)
	}
	if f.Error != nil {
		add("error", f.Error.Code)
		add("status", f.Error.HTTPStatus())
	}
	if f.Close != 0 {
		add("close", f.Close)
	}
	if f.Body != 0 {
		add("body", f.Body)
	}
	if f.Status != 0 {
		add("status", f.Status)
	}
	return strings.Join(parts, " ")
}

// Injected is a fault that was put in force.
type Injected struct {
	Fault
	ID int // counts the faults of an environment, from 1

	key    string // of the address
	met    int    // calls of its operation, about its address, since it is in force
	fired  atomic.Int64
	lifted atomic.Bool
}

// Fired returns how many calls the fault has hit so far. It is safe for concurrent use.
func (i *Injected) Fired() int { return int(i.fired.Load()) }

// Lift ends the fault. It is safe for concurrent use.
func (i *Injected) Lift() { i.lifted.Store(true) }

// UsedUp says whether the fault has hit all the calls that it may hit. It is safe for concurrent use.
func (i *Injected) UsedUp() bool { return i.Times > 0 && i.Fired() >= i.Times }

// over says whether the fault hits nothing any more.
func (i *Injected) over() bool { return i.lifted.Load() || i.UsedUp() }

// maxOver bounds how many faults that are over are kept, so that their hits can still be seen.
const maxOver = 100

// Faults are those in force and the newest of those that are over, the oldest first.
type Faults struct {
	all    []*Injected
	number int
}

// All returns them.
func (f *Faults) All() []*Injected { return f.all }

// NotLifted returns those that are in force or used up.
func (f *Faults) NotLifted() []*Injected {
	return slices.DeleteFunc(slices.Clone(f.all), func(i *Injected) bool { return i.lifted.Load() })
}

// Inject puts a fault in force, which must be one that makes sense.
func (f *Faults) Inject(fault Fault) *Injected {
	if fault.Error != nil {
		copied := *fault.Error
		fault.Error = &copied
	}
	f.number++
	i := &Injected{Fault: fault, ID: f.number, key: address.Key(fault.To)}
	f.forget()
	f.all = append(f.all, i)
	return i
}

// forget drops the oldest of those that are over.
func (f *Faults) forget() {
	over := 0
	for _, i := range f.all {
		if i.over() {
			over++
		}
	}
	f.all = slices.DeleteFunc(f.all, func(i *Injected) bool {
		drop := over > maxOver && i.over()
		if drop {
			over--
		}
		return drop
	})
}

// Lift lifts the fault with this ID, and says whether there was one that was not lifted.
func (f *Faults) Lift(id int) bool {
	for _, i := range f.NotLifted() {
		if i.ID == id {
			i.Lift()
			return true
		}
	}
	return false
}

// Clear ends them all.
func (f *Faults) Clear() { f.all = nil }

// Take returns the fault that hits this call of an operation, or the zero value. isAbout says whether the call is about an
// address key.
func (f *Faults) Take(operation string, isAbout func(key string) bool) Fault {
	var hit *Injected
	for _, i := range f.all {
		if i.Operation != operation || i.key != "" && !isAbout(i.key) {
			continue
		}
		i.met++
		if hit == nil && !i.over() && i.met%max(i.Every, 1) == 0 {
			hit = i
		}
	}
	if hit == nil {
		return Fault{}
	}
	hit.fired.Add(1)
	return hit.Fault
}
