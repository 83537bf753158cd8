package authtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Error is an answer that refuses a call, in the server's form {"error","error_code","error_description",
// "code"} (WIRE.md section 3.2). In a [Fault] it says what the server shall answer.
type Error struct {
	Status      int    // HTTP status; 0 is the usual one for the word: 429 for resource_exhausted, 503 for unavailable, 400 for words it does not know
	Word        string // "error", such as "resource_exhausted"; required
	Number      int    // "error_code"; 0 leaves the field out
	Description string // "error_description"
}

// Error says the status, the word and the number; it leaves the description out.
func (e *Error) Error() string {
	return fmt.Sprintf("authtest: %d %s (%d)", e.status(), e.Word, e.Number)
}

// status maps gRPC's words as its HTTP gateway does, which the live service's known statuses agree with.
func (e *Error) status() int {
	if e.Status != 0 {
		return e.Status
	}
	switch strings.ToLower(e.Word) {
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

// body is the JSON of the answer. plain leaves out "code", the word in upper case.
func (e *Error) body(plain bool) any {
	body := struct {
		Error       string `json:"error"`
		ErrorCode   int    `json:"error_code,omitempty"`
		Description string `json:"error_description"`
		Code        string `json:"code,omitempty"`
	}{e.Word, e.Number, e.Description, ""}
	if !plain {
		body.Code = strings.ToUpper(e.Word)
	}
	return body
}

func invalidArgument(description string) *Error {
	return &Error{Word: "invalid_argument", Number: 3, Description: description}
}

// invalidField words a refused request field as the server's protobuf validator does (WIRE.md section 4.4, live).
func invalidField(message, field, reason string) *Error {
	return invalidArgument("invalid " + message + "." + field + ": " + reason)
}

func notFound(description string) *Error {
	return &Error{Word: "not_found", Number: 5, Description: description}
}

func failedPrecondition(description string) *Error {
	return &Error{Word: "failed_precondition", Number: 9, Description: description}
}

func permissionDenied(description string) *Error {
	return &Error{Word: "permission_denied", Number: 7, Description: description}
}

func unimplemented(description string) *Error {
	return &Error{Word: "unimplemented", Number: 12, Description: description}
}

func unauthorizedClient(description string) *Error {
	return &Error{Word: "unauthorized_client", Number: 4022, Description: description}
}

func unauthenticated() *Error {
	return &Error{Word: "unauthenticated", Number: 16, Description: "the access token is not correct or expired"}
}

// marshal encodes what the package itself made; that cannot fail.
func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("authtest: encode an answer: %v", err))
	}
	return b
}
