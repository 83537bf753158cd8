package session_test

import (
	"context"
	"net/http"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// cloudAPI is another API of the environment, which takes everything.
func cloudAPI() *testbed.Peer {
	return &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(http.StatusOK, `{"result":"done"}`) }}
}

// newRequest is a request to the API of auth's environment.
func newRequest(ctx context.Context, auth *tcbauth.Auth) *http.Request {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, auth.BaseURL()+"/v1/functions/hello", nil)
	if err != nil {
		panic(err) // the URL is not one
	}
	return r
}
