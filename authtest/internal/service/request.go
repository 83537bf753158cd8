package service

import (
	"net/http"
	"net/url"
	"time"
)

// Request is one entry of the log of requests. Nothing in it signs anybody in or says who it was, but for the device id.
type Request struct {
	Time      time.Time      `json:"time"`      // by the server's clock
	Operation string         `json:"operation"` // "" if the path and method are no operation's
	Method    string         `json:"method"`
	Path      string         `json:"path"`
	Query     url.Values     `json:"query"`
	Header    http.Header    `json:"header"`
	Body      map[string]any `json:"body"`           // nil if it was not a JSON object
	Status    int            `json:"status"`         // of the answer; 0 while there is none
	Rule      string         `json:"rule,omitempty"` // that has refused it, by its name in a seed file; "" is none
}
