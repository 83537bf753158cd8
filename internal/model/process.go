package model

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// HelperName is the name of the helper that Helper returns.
const HelperName = "model"

// answer is a line from another process: an event, or the result of an operation.
type answer struct {
	Event  *event `json:",omitempty"`
	ID     int64
	Result result
}

// Helper returns the other process. It carries out the operations that come by its standard input, each in a goroutine, and
// ends with it.
func Helper(open Open) testbed.Helper {
	return func(args []string) error {
		place, url := args[0], args[1]
		began, beganErr := strconv.ParseInt(args[2], 10, 64)
		speed, speedErr := strconv.ParseInt(args[3], 10, 64)
		if err := errors.Join(beganErr, speedErr); err != nil {
			return err
		}
		store, _, err := open(place, shortLease)
		if err != nil {
			return err
		}
		return help(store, url, clock{began: time.Unix(0, began), speed: time.Duration(speed)})
	}
}

func help(store tcbauth.TokenStore, url string, now clock) error {
	var mu sync.Mutex
	out := json.NewEncoder(os.Stdout)
	say := func(a answer) {
		mu.Lock()
		defer mu.Unlock()
		if err := out.Encode(a); err != nil {
			os.Exit(1) // the test is gone
		}
	}
	c := newClient(store, newShelf(), url, new(http.Transport), now, func(e event) { say(answer{Event: &e}) })
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		o := new(op)
		if err := in.Decode(o); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		wg.Go(func() { say(answer{ID: o.ID, Result: c.perform(context.Background(), o)}) })
	}
}

// process is a seat in another process. One that is doomed can be killed, and another one then takes its place.
type process struct {
	args   []string
	killed bool // now and then
	tell   func(event)

	ending sync.Mutex // one kills it at a time

	mu     sync.Mutex
	number int // of the process that runs
	cmd    *exec.Cmd
	in     io.WriteCloser
	waits  map[int64]chan answer
	heard  chan struct{} // closed when there is nothing more to hear of it
}

func startProcess(t testing.TB, killed bool, tell func(event), place, url string, c clock) *process {
	t.Helper()
	p := &process{
		args: []string{place, url, fmt.Sprint(c.began.UnixNano()), fmt.Sprint(int64(c.speed))}, killed: killed, tell: tell,
	}
	p.start(t)
	return p
}

func (p *process) start(t testing.TB) {
	cmd := testbed.HelperCommand(t, HelperName, p.args...)
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	p.number++
	p.cmd, p.in = cmd, in
	p.waits, p.heard = make(map[int64]chan answer), make(chan struct{})
	waits, heard := p.waits, p.heard
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		t.Errorf("starting a process: %v", err)
		p.cmd = nil
		close(heard)
		return
	}
	go func() {
		defer close(heard)
		p.listen(out, waits)
	}()
}

// listen hands out what a process says, until that ends.
func (p *process) listen(out io.Reader, waits map[int64]chan answer) {
	lines := json.NewDecoder(bufio.NewReader(out))
	for {
		var a answer
		err := lines.Decode(&a)
		if err == nil && a.Event != nil {
			p.tell(*a.Event)
			continue
		}
		p.mu.Lock()
		if err != nil {
			for id, wait := range waits {
				close(wait)
				delete(waits, id)
			}
			p.mu.Unlock()
			return
		}
		if wait := waits[a.ID]; wait != nil {
			wait <- a
			delete(waits, a.ID)
		}
		p.mu.Unlock()
	}
}

func (p *process) doomed() bool { return p.killed }

func (p *process) do(_ context.Context, o *op) (r result, number int, ok bool) {
	line, err := json.Marshal(o)
	if err != nil {
		return result{Problem: fault, Text: err.Error()}, 0, true
	}
	wait := make(chan answer, 1)
	p.mu.Lock()
	number = p.number
	select {
	case <-p.heard: // it has ended
		p.mu.Unlock()
		return result{}, number, false
	default:
	}
	p.waits[o.ID] = wait
	_, err = p.in.Write(append(line, '\n'))
	p.mu.Unlock()
	if err != nil {
		return result{}, number, false // it may have read a part, which is no operation
	}
	a, ok := <-wait
	return a.Result, number, ok
}

// kill ends the process as kill -9 does, and starts another.
func (p *process) kill(t testing.TB) {
	p.ending.Lock()
	defer p.ending.Unlock()
	p.mu.Lock()
	cmd, in, heard := p.cmd, p.in, p.heard
	p.mu.Unlock()
	if cmd == nil {
		return
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Errorf("a process ended by itself: %v", err)
	}
	<-heard
	_, _ = cmd.Wait(), in.Close() // the signal, and a pipe that nobody reads
	p.mu.Lock()
	defer p.mu.Unlock()
	p.start(t)
}

// end lets the process end by itself.
func (p *process) end() error {
	p.ending.Lock()
	defer p.ending.Unlock()
	p.mu.Lock()
	cmd, in, heard := p.cmd, p.in, p.heard
	p.mu.Unlock()
	if cmd == nil {
		return nil
	}
	err := in.Close()
	<-heard
	return errors.Join(err, cmd.Wait())
}
