package reliability

import (
	"errors"
	"net"
	"sync"
	"testing"
	"time"
)

// Line is a TCP connection to a store that can be stopped and cut, for stores that a test cannot stop.
type Line struct {
	target   string
	listener net.Listener
	all      sync.WaitGroup

	mu    sync.Mutex
	ends  map[net.Conn]bool // of connections
	cut   bool
	flows chan struct{} // closed while bytes go through
}

// NewLine opens a line to target, a host with its port, until tb ends.
func NewLine(tb testing.TB, target string) *Line {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // at once
	if err != nil {
		tb.Fatal(err)
	}
	l := &Line{target: target, listener: listener, ends: make(map[net.Conn]bool), flows: make(chan struct{})}
	close(l.flows)
	l.all.Go(l.accept)
	tb.Cleanup(func() {
		_ = listener.Close() // it was open
		l.hangUp()
		l.all.Wait()
	})
	return l
}

// Addr is where the line begins.
func (l *Line) Addr() string { return l.listener.Addr().String() }

// Stop lets no byte through until resume is called. Connections stay.
func (l *Line) Stop() (resume func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	flows := make(chan struct{})
	l.flows = flows
	return sync.OnceFunc(func() { close(flows) })
}

// Cut closes all connections, and new ones, until mend is called.
func (l *Line) Cut() (mend func()) {
	l.mu.Lock()
	l.cut = true
	l.mu.Unlock()
	l.hangUp()
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.cut = false
	}
}

// Faults are those of a line to a store.
func (l *Line) Faults(lasts time.Duration) []Fault {
	return []Fault{
		{Name: "connections to the store stand still", Lasts: lasts, Policy: revoking, Begin: func(testing.TB, *Fleet) func() { return l.Stop() }},
		{Name: "connections to the store cut and refused", Lasts: lasts, Policy: revoking, Begin: func(testing.TB, *Fleet) func() { return l.Cut() }},
	}
}

func (l *Line) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.ends {
		_ = c.Close() // the other side sees it, which is what this is for
	}
}

func (l *Line) accept() {
	for {
		near, err := l.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		l.all.Go(func() { l.connect(near) })
	}
}

func (l *Line) connect(near net.Conn) {
	far, err := net.Dial("tcp", l.target) //nolint:noctx // on this machine
	if err != nil {
		_ = near.Close() // which tells as much
		return
	}
	l.mu.Lock()
	cut := l.cut
	l.ends[near], l.ends[far] = true, true
	l.mu.Unlock()
	if !cut {
		var both sync.WaitGroup
		both.Go(func() { l.pump(near, far) })
		both.Go(func() { l.pump(far, near) })
		both.Wait()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range []net.Conn{near, far} {
		_ = c.Close() // nothing more is sent
		delete(l.ends, c)
	}
}

// pump sends on what comes, until one side has ended.
func (l *Line) pump(from, to net.Conn) {
	defer func() { _ = errors.Join(from.Close(), to.Close()) }() // so that the other direction ends too
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			l.mu.Lock()
			flows := l.flows
			l.mu.Unlock()
			<-flows
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
