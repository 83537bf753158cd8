package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

const (
	firstWait = time.Second     // before the first repeat, doubled for each after it, less up to a half at random
	maxWait   = 8 * time.Second // a server that asks for more is not asked again
)

// How often a call is tried.
const (
	DefaultAttempts = 3 // as the js-sdk
	AttemptsLimit   = 10
)

// MaxDuration is the longest that Do takes with this timeout for one attempt, and so many attempts. A timeout of more than a
// year counts as a year: the result is a limit of which others are multiples, and none of them may overflow.
func MaxDuration(timeout time.Duration, attempts int) time.Duration {
	const year = 365 * 24 * time.Hour
	return time.Duration(attempts)*min(timeout, year) + time.Duration(attempts-1)*maxWait
}

// Empty is the result of calls whose answer has no fields.
type Empty struct{}

// Do sends the request and decodes the answer. Its error is a *[Failure], or says that the request cannot be made.
func Do[T any](ctx context.Context, c *Client, req *Request) (*T, error) {
	body, err := encodeBody(req.Body)
	if err != nil {
		return nil, err
	}
	target, err := c.target(req)
	if err != nil {
		return nil, err
	}
	a, f := c.send(ctx, req, target, body)
	if f == nil {
		out := new(T)
		if err := decode(a.body, out); err == nil {
			return out, nil
		}
		f = req.unreadable(a.status, errUndecodable)
	}
	f.name(req)
	f.Sent = c.sentValues(req, body)
	return nil, f
}

// errUndecodable stands for decoding errors, whose texts quote the answer.
var errUndecodable = fmt.Errorf("%w: the answer does not have the expected fields", ErrInvalidResponse)

// decode takes fields of unexpected types as not given. It does not depend on the Content-Type, which fakes leave out.
func decode(body []byte, out any) error {
	if _, ok := out.(*Empty); ok && (len(body) == 0 || string(body) == "null") {
		return nil
	}
	if u, ok := out.(json.Unmarshaler); ok {
		return u.UnmarshalJSON(body) // checks the syntax itself
	}
	err := json.Unmarshal(body, out)
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && mismatch.Field != "" {
		return nil
	}
	if err == nil && string(body) == "null" {
		return errUndecodable
	}
	return err
}

// send repeats the call as far as the rules allow.
func (c *Client) send(ctx context.Context, req *Request, target url.URL, body []byte) (*answer, *Failure) {
	for attempt := 1; ; attempt++ {
		a, f, again := c.try(ctx, req, target, body, attempt)
		if f == nil || !again || attempt >= c.maxAttempts {
			return a, f
		}
		if !wait(ctx, attempt, f.RetryAfter) {
			f.endedBy(ctx.Err())
			return a, f
		}
	}
}

// endedBy adds the context's error to a failure that would have been tried again.
func (f *Failure) endedBy(err error) {
	if err == nil {
		return
	}
	f.Ended = err
	if f.Err != nil {
		err = fmt.Errorf("%w: %w", f.Err, err)
	}
	f.Err = err
}

// try makes one attempt. again says whether the call may be sent once more.
func (c *Client) try(ctx context.Context, req *Request, target url.URL, body []byte, attempt int) (a *answer, f *Failure, again bool) {
	if err := ctx.Err(); err != nil {
		return nil, &Failure{Code: Unreachable, Err: err, Ended: err}, false
	}
	start := c.startLog(ctx)
	req.Attempts, req.Status = req.Attempts+1, 0
	a, t, err := c.attempt(ctx, req, target, body)
	if err != nil {
		f, again = unanswered(ctx, req, t, err)
		req.Status = f.StatusCode
	} else {
		req.Status = a.status
		if f = a.failure(req); f != nil {
			again = req.Repeatable && transient(a.status)
		}
	}
	c.logAttempt(ctx, req, body, attempt, start, f)
	return a, f, again
}

func transient(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// unanswered is the failure of an attempt that got no complete answer.
func unanswered(ctx context.Context, req *Request, t *trace, err error) (f *Failure, again bool) {
	f = &Failure{Code: Unreachable, Ended: ctx.Err()}
	if isTimeLimit(err) {
		f.Ended = context.DeadlineExceeded
	}
	if cut, ok := err.(*cutError); ok { //nolint:errorlint // deeper down it would be another client's, in the user's transport
		if cut.err == errTooLarge || cut.err == errSwitched { //nolint:errorlint // the same
			return req.unreadable(cut.status, err), false
		}
		f.StatusCode = cut.status
		if !req.Repeatable && cut.status < 300 {
			err = fmt.Errorf("%w: %w", ErrInvalidResponse, err)
		}
	} else if t.neverSent(err) {
		f.Err = err
		return f, ctx.Err() == nil && !permanent(err)
	}
	f.Err = fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
	return f, req.Repeatable && ctx.Err() == nil
}

// wait pauses before a repeat. It is false when ctx ends first, or when the server asks for a longer pause.
func wait(ctx context.Context, attempt int, asked time.Duration) bool {
	if asked > maxWait {
		return false
	}
	longest := min(firstWait<<(attempt-1), maxWait)
	pause := max(asked, longest-rand.N(longest/2)) //nolint:gosec // jitter is no secret
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (c *Client) logs(ctx context.Context) bool {
	return c.log != nil && c.log.Enabled(ctx, slog.LevelDebug)
}

func (c *Client) startLog(ctx context.Context) time.Time {
	if !c.logs(ctx) {
		return time.Time{}
	}
	return time.Now()
}

// logAttempt writes one record for an attempt. What it names is all that is ever logged of a request.
func (c *Client) logAttempt(ctx context.Context, req *Request, body []byte, attempt int, start time.Time, f *Failure) {
	if !c.logs(ctx) {
		return
	}
	attrs := append(make([]slog.Attr, 0, 10),
		slog.String("operation", req.Op),
		slog.String("method", req.Method),
		slog.String("path", "/auth/"+req.Path),
		slog.Int("status", req.Status),
		slog.Duration("duration", time.Since(start)),
		slog.Int("attempt", attempt),
		slog.String("request_id", req.RequestID),
	)
	if f != nil {
		sent := c.sentValues(req, body)
		attrs = append(attrs, slog.String("code", ScrubCode(f.Code, sent)), slog.String("category", f.Meaning().Category))
		if f.Err != nil {
			attrs = append(attrs, slog.String("error", Scrub(f.Err.Error(), sent)))
		}
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "tcbauth request", attrs...)
}
