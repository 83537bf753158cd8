package testbed

import (
	"bytes"
	"log/slog"
	"sync"

	"github.com/cloudbase-community/tcbauth"
)

// Warnings is an option that logs warnings, and where they go.
func Warnings() (tcbauth.Option, *bytes.Buffer) {
	log := new(bytes.Buffer) // a slog handler writes one record at a time
	return tcbauth.WithLogger(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))), log
}

// Diary keeps what a logger of the debug level writes, as text and as JSON.
type Diary struct {
	mu  sync.Mutex
	out bytes.Buffer
}

// Write takes what a handler writes.
func (d *Diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.out.Write(p)
}

// String returns all that was written so far.
func (d *Diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.out.String()
}

// Logger returns a logger that writes to d.
func (d *Diary) Logger() *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	return slog.New(slog.NewMultiHandler(slog.NewTextHandler(d, options), slog.NewJSONHandler(d, options)))
}
