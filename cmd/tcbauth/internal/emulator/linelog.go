package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// lineLog writes whole lines from many goroutines: to standard error, and requests to a file.
//
// What cannot be written to standard error, since nobody reads it, is dropped: it must not hold up the server.
type lineLog struct {
	lines   chan string // for standard error
	written chan struct{}

	mu     sync.Mutex
	file   *os.File // nil without -log
	failed error    // the first failure to write to file
}

func newLineLog(stderr io.Writer) *lineLog {
	const queued = 1000
	l := &lineLog{lines: make(chan string, queued), written: make(chan struct{})}
	go func() {
		defer close(l.written)
		for line := range l.lines {
			_, _ = io.WriteString(stderr, line) // whose errors nobody could be told of
		}
	}()
	return l
}

func (l *lineLog) open(name string) (err error) {
	if name != "" {
		l.file, err = os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // G304: whoever runs the command names the file
	}
	return err
}

func (l *lineLog) say(format string, args ...any) {
	select {
	case l.lines <- fmt.Sprintf(format, args...):
	default:
	}
}

func (l *lineLog) write(r authtest.Request) {
	line, err := json.Marshal(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		_, err = l.file.Write(append(line, '\n'))
	}
	if err != nil && l.failed == nil {
		l.failed = err
	}
}

// close ends the log and says what was lost of its file. The server has ended.
func (l *lineLog) close() error {
	close(l.lines)
	select {
	case <-l.written:
	case <-time.After(time.Second): // nobody reads
	}
	if l.file == nil {
		return nil
	}
	return errors.Join(l.failed, l.file.Close())
}
