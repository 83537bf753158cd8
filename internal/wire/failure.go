package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cloudbase-community/tcbauth/internal/advice"
)

// What a Failure's Err may wrap.
var (
	// ErrOutcomeUnknown: the request may have been carried out, but no answer tells.
	ErrOutcomeUnknown = errors.New("tcbauth: the outcome of the request is unknown")
	// ErrInvalidResponse: the answer is not one of this API.
	ErrInvalidResponse = errors.New("tcbauth: invalid response")
)

// Unreachable is the error code of a Failure without an answer, as in the js-sdk.
const Unreachable = "unreachable"

// Unauthenticated is the server's error code for a bearer that it does not accept.
const Unauthenticated = "unauthenticated"

// Failure is a call that has no result.
type Failure struct {
	Op           string // of the Request, "" for a NewFailure
	Method, Path string
	Bearer       bool          // the call carried an access token
	Repeatable   bool          // the request has the same effect once or twice
	StatusCode   int           // 0: no answer
	Code         string        // the server's error code in lower case, Unreachable, or "" for an answer in another form
	Gateway      bool          // Code is in the gateway's form (WIRE.md 3.2), not in the auth service's
	Number       int           // the server's error_code, 0 when absent
	Description  string        // the server's text, as sent
	RequestID    string        // x-request-id of the call
	RetryAfter   time.Duration // the server's wish, 0 when absent
	Err          error         // the cause where it is not an error code of the server
	Ended        error         // of the call's context, or [context.DeadlineExceeded] for the time limit of an attempt; nil: neither has ended it
	Sent         []string      // values that the call sent, to be kept out of texts
}

// NewFailure is an error that came by another way than as an answer.
func NewFailure(code, description string) *Failure {
	return &Failure{Code: errorCode(code), Description: clean(description)}
}

func (f *Failure) Error() string {
	return fmt.Sprintf("%s %s: %d %s", f.Method, f.Path, f.StatusCode, f.Code)
}

func (f *Failure) Unwrap() error { return f.Err }

// noAnswer reports whether a status says that a gateway got no answer from the service.
func noAnswer(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusGatewayTimeout
}

// failure returns what a says went wrong, or nil for a good answer.
func (a *answer) failure(req *Request) *Failure {
	if a.status < 300 && !mayHoldError(a.body) {
		return nil
	}
	f := &Failure{Path: pathOf(req), StatusCode: a.status, RetryAfter: retryAfter(a.header)}
	said, byService := f.read(a.body, req.CodeIsResult && a.status < 300)
	f.Gateway = said && !byService
	switch {
	case said && !req.Repeatable && (f.Gateway && noAnswer(a.status) || f.Meaning().Open):
		f.Err = errNoAnswer
	case said:
	case a.status < 300:
		return nil
	case a.status < 400:
		f.Err = fmt.Errorf("%w: a redirect, which is not followed", ErrInvalidResponse)
	case noAnswer(a.status):
		f.Code, f.Err = Unreachable, errNoAnswer
	default:
		f.Err = fmt.Errorf("%w: an error that is not in the server's form", ErrInvalidResponse)
	}
	return f
}

// Meaning is what the server's answer means.
func (f *Failure) Meaning() advice.Meaning {
	return advice.Of(advice.Facts{
		Code: f.Code, Number: f.Number, Status: f.StatusCode, Description: f.Description, Path: f.Path, Gateway: f.Gateway,
	})
}

// RefusesBearer reports whether the server did not accept the access token that the call carried.
func (f *Failure) RefusesBearer() bool {
	return f.Bearer && f.Meaning().Tokens&advice.RefusesAccess != 0
}

var errNoAnswer = fmt.Errorf("%w: the gateway has no answer", ErrOutcomeUnknown)

// unreadable is the failure of an answer that tells nothing. err says why and is an ErrInvalidResponse. What became of a
// call that costs is open then, unless the status says that it failed.
func (r *Request) unreadable(status int, err error) *Failure {
	if !r.Repeatable && (status < 300 || noAnswer(status)) {
		err = fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
	}
	return &Failure{StatusCode: status, Err: err}
}

// Incomplete is the failure of an answer with status 200 that lacks a field which the call needs.
func (r *Request) Incomplete(field string) *Failure { return r.Unusable("no " + field) }

// Unusable is the failure of an answer with status 200 that the call cannot use.
func (r *Request) Unusable(why string) *Failure {
	f := r.unreadable(http.StatusOK, fmt.Errorf("%w: %s", ErrInvalidResponse, why))
	f.name(r)
	return f
}

// name sets what f tells of its request.
func (f *Failure) name(r *Request) {
	f.Op, f.Method, f.Path, f.RequestID = r.Op, r.Method, pathOf(r), r.RequestID
	f.Bearer, f.Repeatable = r.Auth == Bearer, r.Repeatable
}

func pathOf(r *Request) string { return "/auth/" + r.Path }

// mayHoldError is false for a body that cannot have one of the fields that make an answer an error. It saves decoding
// good answers twice.
func mayHoldError(body []byte) bool {
	for at := 0; ; {
		quote := bytes.IndexByte(body[at:], '"')
		if quote < 0 {
			return bytes.Contains(body, []byte(`\u`))
		}
		at += quote + 1
		if name := body[at:]; bytes.HasPrefix(name, []byte("error")) || bytes.HasPrefix(name, []byte(`code"`)) ||
			bytes.HasPrefix(name, []byte(`Response"`)) {
			return true
		}
	}
}

// read takes the error of body, in any of the server's forms (WIRE.md 3.2), into f. It reports whether there is one, and
// whether it is the auth service's (error, error_code) rather than the gateway's (code, message). A map has the names of
// the fields exactly, where a struct would take Error for error.
func (f *Failure) read(body []byte, codeIsResult bool) (said, byService bool) {
	e := members(body)
	if inner := members(members(e["Response"])["Error"]); inner != nil { // the form of Tencent Cloud's API 3.0
		f.Code, f.Description = errorCode(text(inner["Code"])), text(inner["Message"])
		return true, false
	}
	f.Code = errorCode(text(e["error"]))
	f.Number = cmp.Or(number(e["error_code"]), number(e["error"]))
	byService = f.Code != "" || f.Number != 0 || present(e["error"])
	f.Description = text(e["error_description"])
	if inner := members(e["error"]); inner != nil {
		f.byCode(inner)
	}
	if !codeIsResult {
		f.byCode(e)
	}
	if f.Code == "" {
		f.Code = advice.Code(f.Number)
	}
	if s := seconds(max(float(e["retry_after"]), float(e["retryAfter"]))); s > 0 {
		f.RetryAfter = s
	}
	return byService || f.Code != "" || f.Number != 0, byService
}

// byCode takes what f does not have yet from code, which is an error code or a number, and from message.
func (f *Failure) byCode(e map[string]json.RawMessage) {
	if f.Code == "" {
		f.Code = errorCode(text(e["code"]))
	}
	if f.Number == 0 {
		f.Number = number(e["code"])
	}
	if f.Description == "" {
		f.Description = text(e["message"])
	}
}

// members are those of a JSON object, nil for anything else.
func members(raw []byte) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}

func present(raw json.RawMessage) bool {
	switch string(raw) {
	case "", "null", "false", "0", `""`:
		return false
	}
	return true
}

// text is a JSON string that is not a number, or "".
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	if _, err := strconv.Atoi(s); err == nil {
		return ""
	}
	return clean(s)
}

// unknown is the js-sdk's error code for an error that has none.
const unknown = "unknown"

// errorCode is the server's error code in lower case. A text that cannot be one, such as a sentence, is unknown.
func errorCode(s string) string {
	if len(s) > 64 {
		return unknown
	}
	for _, r := range s {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.", r) {
			return unknown
		}
	}
	return strings.ToLower(s)
}

// maxText is the most of a server's text that is kept, in bytes.
const maxText = 1000

// cut shortens a text to maxText.
func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	end := maxText
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// clean makes a server's text fit for one line of a log.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// number is the whole part of a JSON number or of a string that holds one, or 0. A number of more than 32 bits is 0 too.
func number(raw json.RawMessage) int {
	n := float(raw)
	if n > math.MaxInt32 || n < math.MinInt32 {
		return 0
	}
	return int(n)
}

// float is a JSON number or a string that holds one, with its fraction and however large, or 0.
func float(raw json.RawMessage) float64 {
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || n != n {
		return 0
	}
	return n
}

// retryAfter reads the header of RFC 9110, 10.2.3: seconds or a date, which is compared with the server's own.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if value == "" {
		return 0
	}
	if s, err := strconv.ParseInt(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return seconds(float64(s))
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return seconds(at.Sub(now).Seconds())
}

// seconds is s in whole seconds, from none to a day.
func seconds(s float64) time.Duration {
	const day = 24 * 60 * 60 // more is a mistake, and a large number would overflow
	return time.Duration(min(max(s, 0), day)) * time.Second
}
