package service

import (
	"net/http"
	"net/url"
	"time"
)

// Request is one entry of the log of requests. Nothing in it signs a user in, and only the device id tells one from another.
type Request struct {
	Time      time.Time      `json:"time"`      // by the server's clock
	Operation string         `json:"operation"` // "" if the path and method are no operation's
	Method    string         `json:"method"`
	Path      string         `json:"path"`
	Query     url.Values     `json:"query"`
	Header    http.Header    `json:"header"`
	Body      map[string]any `json:"body"`   // nil if it was not a JSON object
	Status    int            `json:"status"` // of the answer; 0 while there is none

	Error       string        `json:"error,omitempty"` // the error code of a refusal
	Description string        `json:"error_description,omitempty"`
	Rule        string        `json:"rule,omitempty"`  // the rule that refused, by its name in a seed
	Fault       string        `json:"fault,omitempty"` // what a fault did
	Duration    time.Duration `json:"duration_ns"`     // from the arrival until the answer was ready, by the process's clock
}
