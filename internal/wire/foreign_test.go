package wire_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// roundTripper is a transport of the user's.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A transport that returns neither an answer nor an error is broken, and the call says so.
func TestTransportReturnsNothing(t *testing.T) {
	t.Parallel()
	client := newClient(roundTripper(func(*http.Request) (*http.Response, error) { return nil, nil })) //nolint:nilnil // what is tried
	_, err := wire.Do[value](t.Context(), client, new(post))
	f := failure(t, err)
	require.ErrorIs(t, f, wire.ErrOutcomeUnknown)
	assert.Equal(t, wire.Unreachable, f.Code)
}
