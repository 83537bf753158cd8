package service

import (
	"encoding/json"
	"time"
)

// The limits of a log.
const (
	maxRequests    = 10_000
	maxRequestSize = 6 << 20
	requestSize    = 400 // bytes beside the texts, about
)

// Logged is a Request in the log, where there may be many.
type Logged struct {
	Number    int // counts the requests, from 1
	Method    string
	Operation string

	time    time.Time
	text    []byte // JSON of what the Request was made with
	outcome outcome
}

// outcome is what becomes of a request.
type outcome struct {
	status                           int
	error, description, rule, caused string
	duration                         time.Duration
}

func (o *outcome) size() int { return len(o.error) + len(o.description) + len(o.rule) + len(o.caused) }

// Pack makes a Request ready for the log. It needs no lock.
func Pack(r *Request) *Logged {
	text, _ := json.Marshal(r) // texts, and maps of texts
	return &Logged{Method: r.Method, Operation: r.Operation, text: text}
}

// Request is what was logged. Of a copy that Log has given it needs no lock.
func (r *Logged) Request() Request {
	var request Request
	_ = json.Unmarshal(r.text, &request) // Pack has made it
	o := r.outcome
	request.Time, request.Status, request.Error, request.Description = r.time, o.status, o.error, o.description
	request.Rule, request.Fault, request.Duration = o.rule, o.caused, o.duration
	return request
}

// Log counts the calls, and has the newest requests.
type Log struct {
	setting  *setting
	requests recent[*Logged]
	number   int
	counts   map[string]int // calls by operation
	calls    map[string]int // calls by method, a space and operation
}

func newLog(s *setting) *Log {
	return &Log{
		setting: s, counts: make(map[string]int), calls: make(map[string]int),
		requests: recent[*Logged]{
			maxNumber: maxRequests, maxSize: maxRequestSize,
			sizeOf: func(r *Logged) int { return requestSize + len(r.text) + r.outcome.size() },
		},
	}
}

// Add logs a request that arrives now, and counts it if it is an operation's.
func (l *Log) Add(r *Logged) (now time.Time) {
	l.number++
	r.Number, r.time = l.number, l.setting.Now()
	l.requests.add(r)
	if r.Operation != "" {
		l.counts[r.Operation]++
		l.calls[r.Method+" "+r.Operation]++
	}
	l.setting.Changed()
	return r.time
}

// Settle notes what became of a request, with the fields that Request has for it.
func (l *Log) Settle(r *Logged, as *Request) {
	settled := outcome{as.Status, as.Error, as.Description, as.Rule, as.Fault, as.Duration}
	grown := settled.size() - r.outcome.size()
	r.outcome = settled
	if l.has(r) {
		l.requests.grow(grown)
	}
	l.setting.Changed()
}

func (l *Log) has(r *Logged) bool {
	all := l.requests.all
	i := r.Number - l.number + len(all) - 1
	return i >= 0 && i < len(all) && all[i] == r
}

// All returns copies of the requests, the oldest first.
func (l *Log) All() []Logged {
	all, _ := l.Newest(len(l.requests.all))
	return all
}

// Newest returns copies of at most so many of the newest requests, the oldest first, and how many there are.
func (l *Log) Newest(limit int) (newest []Logged, all int) {
	all = len(l.requests.all)
	newest = make([]Logged, min(limit, all))
	for i, r := range l.requests.all[all-len(newest):] {
		newest[i] = *r
	}
	return newest, all
}

// Count returns how many calls of an operation have arrived.
func (l *Log) Count(operation string) int { return l.counts[operation] }

// Calls returns how many calls of an operation have arrived by a method.
func (l *Log) Calls(method, operation string) int { return l.calls[method+" "+operation] }
