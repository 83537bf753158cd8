package main

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// problem is an error as a visitor is told of it.
type problem struct {
	status     int
	text       string
	retryAfter time.Duration
}

// problemOf says err in a language of the visitor's Accept-Language header.
func problemOf(err error, language string) problem {
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return problem{status: http.StatusRequestEntityTooLarge, text: "That is too long."}
	case errors.Is(err, errBadForm):
		return problem{status: http.StatusBadRequest, text: "That is no form of this page."}
	}
	p := problem{status: tcbauth.HTTPStatus(err), text: tcbauth.UserMessage(err, language)}
	if e, ok := errors.AsType[*tcbauth.Error](err); ok && p.status == http.StatusTooManyRequests {
		p.retryAfter = e.RetryAfter
	}
	return p
}

// begin writes the part of an answer that is no body, and logs what is the service's own matter. An error of tcbauth has no
// phone number, code or token in it.
func (p problem) begin(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	if p.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	level := slog.LevelInfo
	if p.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	log.LogAttrs(r.Context(), level, "failed", slog.String("route", r.Pattern), slog.Int("status", p.status), slog.Any("error", err))
	w.WriteHeader(p.status)
}
