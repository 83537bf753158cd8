package main

import (
	"context"
	"errors"
	"fmt"
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

// problemOf decides by the error's word or category, never by the server's texts.
func problemOf(err error) problem {
	var e *tcbauth.Error
	errors.As(err, &e)
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return problem{status: http.StatusRequestEntityTooLarge, text: "That is too long."}
	case errors.Is(err, errBadForm):
		return problem{status: http.StatusBadRequest, text: "That is no form of this page."}
	case errors.Is(err, errNoLogin):
		return problem{status: http.StatusUnprocessableEntity, text: "No code is waited for any more. Ask for a new one."}
	case errors.Is(err, tcbauth.ErrRateLimited) && e != nil:
		wait := e.RetryAfter.Round(time.Second)
		return problem{http.StatusTooManyRequests, fmt.Sprintf("Too many tries. Wait for %s.", wait), wait}
	case errors.Is(err, tcbauth.ErrCaptchaRequired), errors.Is(err, tcbauth.ErrCaptchaInvalid):
		return problem{status: http.StatusUnprocessableEntity, text: "Type in what the picture shows."}
	case errors.Is(err, tcbauth.CodeAborted):
		return problem{status: http.StatusUnprocessableEntity, text: "Too many wrong codes. Ask for a new one."}
	case wrongCode(err):
		return problem{status: http.StatusUnprocessableEntity, text: "The code is wrong or too old."}
	case errors.Is(err, tcbauth.ErrInvalidParams):
		return problem{status: http.StatusUnprocessableEntity, text: "That was not understood. Check what you typed in."}
	case errors.Is(err, tcbauth.ErrPreconditionFailed), errors.Is(err, tcbauth.CodeAlreadyExists):
		return problem{status: http.StatusConflict, text: "This number was registered meanwhile. Ask for a new code."}
	case errors.Is(err, tcbauth.ErrUserStatusAbnormal):
		return problem{status: http.StatusForbidden, text: "This account is blocked or not approved yet."}
	case errors.Is(err, tcbauth.ErrProviderNotEnabled):
		return problem{status: http.StatusForbidden, text: "Nobody can sign in by phone number here."}
	case errors.Is(err, tcbauth.ErrOutcomeUnknown):
		return problem{status: http.StatusBadGateway, text: "No answer came. Ask for a new code, or see whether you are signed in."}
	case errors.Is(err, tcbauth.ErrServiceError), errors.Is(err, tcbauth.ErrStore),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return problem{status: http.StatusServiceUnavailable, text: "That does not work right now. Try again later."}
	}
	return problem{status: http.StatusInternalServerError, text: "Something went wrong."}
}

func wrongCode(err error) bool {
	return errors.Is(err, tcbauth.ErrVerificationFailed) || errors.Is(err, tcbauth.CodeInvalidVerificationCode)
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
