package reliability

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth"
)

func TestTold(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"":                      nil,
		untold:                  errors.New("something else"),
		untold + " ":            &tcbauth.Error{Err: errors.New("something else")},
		untold + "  ":           tcbauth.ErrStore, // and not an *Error
		"ErrStore":              &tcbauth.Error{Err: fmt.Errorf("%w: %w", tcbauth.ErrStore, context.DeadlineExceeded)},
		"the caller's deadline": &tcbauth.Error{Code: tcbauth.CodeUnreachable, Err: context.DeadlineExceeded},
		"`unavailable`":         &tcbauth.Error{Code: "unavailable"},
	} {
		assert.Equal(t, strings.TrimSpace(want), told(err))
	}
}
