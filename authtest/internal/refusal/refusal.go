// Package refusal has the answers that refuse a call, in the server's own words.
package refusal

import (
	"fmt"
	"net/http"
	"strings"
)

// Error is an answer that refuses a call, in the server's form {"error","error_code","error_description",
// "code"} (WIRE.md section 3.2).
type Error struct {
	Status      int    // HTTP status; 0 is the usual one for the code
	Code        string // "error"
	Number      int    // "error_code"; 0 leaves the field out
	Description string // "error_description"
	Rule        string // the rule of the environment that refuses, by its name in a seed; not in the answer
}

// Error returns the status, the error code and the number, without the description.
func (e *Error) Error() string {
	return fmt.Sprintf("authtest: %d %s (%d)", e.HTTPStatus(), e.Code, e.Number)
}

// HTTPStatus is Status, or the status that gRPC's HTTP gateway gives the code, with which the live service's known statuses
// agree.
func (e *Error) HTTPStatus() int {
	if e.Status != 0 {
		return e.Status
	}
	switch strings.ToLower(e.Code) {
	case "unauthenticated":
		return http.StatusUnauthorized
	case "permission_denied":
		return http.StatusForbidden
	case "not_found":
		return http.StatusNotFound
	case "already_exists", "aborted":
		return http.StatusConflict
	case "resource_exhausted":
		return http.StatusTooManyRequests
	case "internal", "data_loss", "unknown":
		return http.StatusInternalServerError
	case "unimplemented":
		return http.StatusNotImplemented
	case "unavailable":
		return http.StatusServiceUnavailable
	case "deadline_exceeded":
		return http.StatusGatewayTimeout
	default:
		return http.StatusBadRequest
	}
}

// CodeField says which answers have "code", the error code in upper case.
type CodeField int

// The answers that have it. Captures through a proxy of the service have it; that of a refused refresh, at the gateway, has not
// (WIRE.md section 3.2).
const (
	CodeButOfGrants CodeField = iota // all but invalid_grant
	CodeAlways
	CodeNever
)

// Body is the JSON of the answer.
func (e *Error) Body(field CodeField) any {
	body := struct {
		Error       string `json:"error"`
		ErrorCode   int    `json:"error_code,omitempty"`
		Description string `json:"error_description"`
		Code        string `json:"code,omitempty"`
	}{e.Code, e.Number, e.Description, ""}
	if field == CodeAlways || field == CodeButOfGrants && !strings.EqualFold(e.Code, "invalid_grant") {
		body.Code = strings.ToUpper(e.Code)
	}
	return body
}

// InvalidArgument refuses what the call says.
func InvalidArgument(description string) *Error {
	return &Error{Code: "invalid_argument", Number: 3, Description: description}
}

// InvalidField words a refused request field as the server's protobuf validator does (WIRE.md section 4.4, live).
func InvalidField(message, field, reason string) *Error {
	return InvalidArgument("invalid " + message + "." + field + ": " + reason)
}

// NotFound refuses a call about what is not there.
func NotFound(description string) *Error {
	return &Error{Code: "not_found", Number: 5, Description: description}
}

// FailedPrecondition refuses what the state of things does not allow.
func FailedPrecondition(description string) *Error {
	return &Error{Code: "failed_precondition", Number: 9, Description: description}
}

// PermissionDenied refuses what the caller may not do.
func PermissionDenied(description string) *Error {
	return &Error{Code: "permission_denied", Number: 7, Description: description}
}

// Unimplemented refuses what the emulator does not know.
func Unimplemented(description string) *Error {
	return &Error{Code: "unimplemented", Number: 12, Description: description}
}

// UnauthorizedClient refuses a client id, or its secret.
func UnauthorizedClient(description string) *Error {
	return &Error{Code: "unauthorized_client", Number: 4022, Description: description}
}

// Unauthenticated refuses an access token.
func Unauthenticated() *Error {
	return &Error{Code: "unauthenticated", Number: 16, Description: "the access token is not correct or expired"}
}
