package testbed

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// RequireError requires err to be what every method fails with: an *Error that names its method and quotes no secret.
func RequireError(t testing.TB, err error) {
	t.Helper()
	require.Error(t, err)
	var e *tcbauth.Error
	require.ErrorAs(t, err, &e)
	assert.NotEmpty(t, e.Op, "Op of %v", err)
	AssertNoSecret(t, "error", err.Error())
}

// ErrorOf returns the *Error that err has to be.
func ErrorOf(t testing.TB, err error) *tcbauth.Error {
	t.Helper()
	RequireError(t, err)
	e, _ := errors.AsType[*tcbauth.Error](err)
	return e
}
