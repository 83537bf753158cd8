package service

import (
	"encoding/json"
	"slices"
	"time"
)

// The limits of a log.
const (
	maxRequests    = 10_000
	maxRequestSize = 6 << 20
	requestSize    = 300 // bytes beside the texts, about
)

// Logged is a Request in the log, where there may be many.
type Logged struct {
	method, operation string
	time              time.Time
	text              []byte // JSON of the rest of the Request
	status            int
	rule              string
}

// Pack makes a Request ready for the log. It needs no lock.
func Pack(r *Request) *Logged {
	text, _ := json.Marshal(r) // texts, and maps of texts
	return &Logged{method: r.Method, operation: r.Operation, text: text}
}

// Answered notes the status of the answer, and the rule that has refused the call, if one has.
func (r *Logged) Answered(status int, rule string) { r.status, r.rule = status, rule }

func (r *Logged) request() Request {
	var request Request
	_ = json.Unmarshal(r.text, &request) // Pack has made it
	request.Time, request.Status, request.Rule = r.time, r.status, r.rule
	return request
}

// Log counts the calls, and has the newest requests.
type Log struct {
	setting  *setting
	requests recent[*Logged]
	counts   map[string]int // calls by operation
	calls    map[string]int // calls by method, a space and operation
}

func newLog(s *setting) *Log {
	return &Log{
		setting: s, counts: make(map[string]int), calls: make(map[string]int),
		requests: recent[*Logged]{
			maxNumber: maxRequests, maxSize: maxRequestSize,
			sizeOf: func(r *Logged) int { return requestSize + len(r.text) },
		},
	}
}

// Add logs a request that arrives now, and counts it if it is an operation's.
func (l *Log) Add(r *Logged) (now time.Time) {
	r.time = l.setting.Now()
	l.requests.add(r)
	if r.operation != "" {
		l.counts[r.operation]++
		l.calls[r.method+" "+r.operation]++
	}
	return r.time
}

// Requests returns the requests, the oldest first, of one operation or of all for "".
func (l *Log) Requests(operation string) []Request { return l.Newest(operation, l.requests.maxNumber) }

// Newest returns so many of Requests, the newest, in the same order.
func (l *Log) Newest(operation string, limit int) []Request {
	found := make([]Request, 0, min(limit, len(l.requests.all)))
	for _, r := range slices.Backward(l.requests.all) {
		if len(found) == limit {
			break
		}
		if operation == "" || r.operation == operation {
			found = append(found, r.request())
		}
	}
	slices.Reverse(found)
	return found
}

// Logged is how many requests the log has.
func (l *Log) Logged() int { return len(l.requests.all) }

// Count returns how many calls of an operation have arrived.
func (l *Log) Count(operation string) int { return l.counts[operation] }

// Calls returns how many calls of an operation have arrived by a method.
func (l *Log) Calls(method, operation string) int { return l.calls[method+" "+operation] }
