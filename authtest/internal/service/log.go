package service

import (
	"slices"
)

// maxRequests bounds the log of a server that runs for long.
const maxRequests = 10_000

// Log counts the calls, and has the newest requests.
type Log struct {
	setting  *setting
	requests []*Request     // oldest first
	counts   map[string]int // calls by operation
	calls    map[string]int // calls by method, a space and operation
}

func newLog(s *setting) *Log {
	return &Log{setting: s, counts: make(map[string]int), calls: make(map[string]int)}
}

// Add logs a request, and counts it if it is an operation's.
func (l *Log) Add(r *Request) {
	r.Time = l.setting.Now()
	l.requests = append(l.requests, r)
	if extra := len(l.requests) - maxRequests; extra > 0 {
		l.requests = append([]*Request(nil), l.requests[extra:]...)
	}
	if r.Operation != "" {
		l.counts[r.Operation]++
		l.calls[r.Method+" "+r.Operation]++
	}
}

// Requests returns copies of the requests, the oldest first, of one operation or of all for "".
func (l *Log) Requests(operation string) []Request {
	found := make([]Request, 0, len(l.requests))
	for _, r := range l.requests {
		if operation == "" || r.Operation == operation {
			found = append(found, r.Clone())
		}
	}
	return found
}

// Last returns the newest request of an operation, or nil.
func (l *Log) Last(operation string) *Request {
	for _, r := range slices.Backward(l.requests) {
		if r.Operation == operation {
			return r
		}
	}
	return nil
}

// Count returns how many calls of an operation have arrived.
func (l *Log) Count(operation string) int { return l.counts[operation] }

// Calls returns how many calls of an operation have arrived by a method.
func (l *Log) Calls(method, operation string) int { return l.calls[method+" "+operation] }
