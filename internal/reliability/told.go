package reliability

import (
	"context"
	"errors"

	"github.com/cloudbase-community/tcbauth"
)

// untold is what a caller was told who can do nothing with it.
const untold = "UNTOLD"

// sentinels are what an error is asked for, the first that it is counts.
var sentinels = []struct {
	name string
	err  error
}{
	{"ErrSessionExpired", tcbauth.ErrSessionExpired},
	{"ErrNoSession", tcbauth.ErrNoSession},
	{"ErrStore", tcbauth.ErrStore},
	{"ErrOutcomeUnknown", tcbauth.ErrOutcomeUnknown},
	{"ErrInvalidResponse", tcbauth.ErrInvalidResponse},
	{"the caller's deadline", context.DeadlineExceeded},
}

// told names what a caller can learn of a failed call by errors.Is: a sentinel, else the server's word. It is "" for nil.
func told(err error) string {
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*tcbauth.Error](err)
	if !ok {
		return untold
	}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			return s.name
		}
	}
	if e.Code != "" {
		return "`" + string(e.Code) + "`"
	}
	return untold
}

// gone reports whether a caller was told that the user has to sign in.
func gone(err error) bool {
	return errors.Is(err, tcbauth.ErrSessionExpired) || errors.Is(err, tcbauth.ErrNoSession)
}
