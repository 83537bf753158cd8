package authtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

func TestFaultError(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	injected := srv.Fault(authtest.Fault{
		Operation: "certs", Times: 2,
		Error: &authtest.Error{Code: "unavailable", Number: 14, Description: "try later"},
	})
	srv.Fault(authtest.Fault{Operation: "certs", Times: 1, Error: &authtest.Error{Status: 200, Code: "x", Description: "y"}})
	for range 2 {
		refused(t, srv, "certs", "", nil, http.StatusServiceUnavailable, "unavailable", 14)
	}
	assert.Equal(t, 2, injected.Fired())
	refused(t, srv, "certs", "", nil, http.StatusOK, "x", 0)
	ok(t, srv, "certs", "", nil)
	assert.Equal(t, 2, injected.Fired())
	assert.Equal(t, 4, srv.Count("certs"))

	always := srv.Fault(authtest.Fault{Operation: "signin", Error: &authtest.Error{Code: "internal", Number: 13, Description: "x"}})
	for range 3 {
		refused(t, srv, "signin", "", object{}, http.StatusInternalServerError, "internal", 13)
	}
	assert.Equal(t, 3, always.Fired())
	always.Lift()
	always.Lift()
	refused(t, srv, "signin", "", object{}, http.StatusBadRequest, "invalid_argument", 3)
	assert.Equal(t, 3, always.Fired())
}

func TestFaultClose(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	session := signUp(t, srv, phone)
	token := session.text("refresh_token")

	srv.Fault(authtest.Fault{Operation: "token", Times: 1, Close: authtest.BeforeCommit})
	_, _, err := try(t, srv, "token", "", refresh(token))
	require.ErrorIs(t, err, io.EOF)
	session = ok(t, srv, "token", "", refresh(token))
	token = session.text("refresh_token")

	srv.Fault(authtest.Fault{Operation: "token", Times: 1, Close: authtest.AfterCommit})
	_, _, err = try(t, srv, "token", "", refresh(token))
	require.ErrorIs(t, err, io.EOF)
	refused(t, srv, "token", "", refresh(token), 400, "invalid_grant", 4026)
	assert.Equal(t, 4, srv.Count("token"))
	requests := srv.Requests()
	assert.Equal(t, []int{0, 200, 0, 400}, statuses(requests[len(requests)-4:]))
}

func TestFaultBody(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	token := signUp(t, srv, phone).text("refresh_token")
	body, err := json.Marshal(refresh(token))
	require.NoError(t, err)

	srv.Fault(authtest.Fault{Operation: "token", Times: 1, Body: authtest.CutBody})
	status, raw, err := send(t.Context(), srv, http.MethodPost, "/auth/v1/token", "", body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, 200, status)
	assert.NotEmpty(t, raw)

	srv.Fault(authtest.Fault{Operation: "token", Times: 1, Body: authtest.BadJSON})
	status, raw, err = send(t.Context(), srv, http.MethodPost, "/auth/v1/token", "", body)
	require.NoError(t, err)
	assert.Equal(t, 400, status, "the cut answer had been carried out")
	assert.False(t, json.Valid(raw))
	assert.NotEmpty(t, raw)
}

func TestFaultDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := authtest.NewServer(t)
		session := signUp(t, srv, phone)
		begin := time.Now()
		srv.Fault(authtest.Fault{Operation: "token", Times: 1, Delay: 30 * time.Minute})
		session = ok(t, srv, "token", "", refresh(session.text("refresh_token")))
		assert.Equal(t, 30*time.Minute, time.Since(begin))

		srv.Fault(authtest.Fault{Operation: "token", Times: 1, Delay: time.Hour, Close: authtest.AfterCommit})
		_, _, err := try(t, srv, "token", "", refresh(session.text("refresh_token")))
		require.ErrorIs(t, err, io.EOF)
		assert.Equal(t, 90*time.Minute, time.Since(begin))
	})
}

// A caller that gives up during a delay ends it, and nothing is carried out.
func TestFaultDelayEndsWithCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := authtest.NewServer(t)
		token := signUp(t, srv, phone).text("refresh_token")
		body, err := json.Marshal(refresh(token))
		require.NoError(t, err)
		srv.Fault(authtest.Fault{Operation: "token", Times: 1, Delay: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		_, _, err = send(ctx, srv, http.MethodPost, "/auth/v1/token", "", body)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(begin))
		ok(t, srv, "token", "", refresh(token))
	})
}

// Close ends a delay, and does not leave a goroutine in the bubble.
func TestFaultDelayEndsWithServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := authtest.NewServer(t)
		srv.Fault(authtest.Fault{Operation: "certs", Delay: time.Hour})
		failed := make(chan error)
		go func() {
			_, _, err := send(t.Context(), srv, http.MethodGet, "/auth/v1/certs", "", nil)
			failed <- err
		}()
		synctest.Wait()
		begin := time.Now()
		require.NoError(t, srv.Close())
		require.NoError(t, srv.Close())
		require.Error(t, <-failed)
		assert.Zero(t, time.Since(begin))
		_, _, err := send(t.Context(), srv, http.MethodGet, "/auth/v1/certs", "", nil)
		require.Error(t, err)
	})
}

func TestFaultMistakes(t *testing.T) {
	t.Parallel()
	refusal := &authtest.Error{Code: "internal"}
	for name, fault := range map[string]authtest.Fault{
		"unknown operation": {Operation: "nothing", Error: refusal},
		"no operation":      {Error: refusal},
		"no effect":         {Operation: "token"},
		"two effects":       {Operation: "token", Error: refusal, Close: authtest.AfterCommit},
		"times":             {Operation: "token", Times: -1, Error: refusal},
		"delay":             {Operation: "token", Delay: -1},
		"close":             {Operation: "token", Close: 9},
		"body":              {Operation: "token", Body: 9},
		"no word":           {Operation: "token", Error: &authtest.Error{Status: 500}},
		"status":            {Operation: "token", Error: &authtest.Error{Status: 99, Code: "x"}},
		"every":             {Operation: "token", Every: -1, Error: refusal},
		"to":                {Operation: "token", To: "nobody", Error: refusal},
		"page's status":     {Operation: "token", Body: authtest.HTML, Status: 99},
		"status of no page": {Operation: "token", Body: authtest.CutBody, Status: 502},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := &fakeT{}
			assert.Nil(t, authtest.NewServer(fake).Fault(fault))
			assert.Len(t, fake.finish(), 1)
		})
	}
}

func TestFaultThatNeverFired(t *testing.T) {
	t.Parallel()
	fake := &fakeT{}
	srv := authtest.NewServer(fake)
	srv.Fault(authtest.Fault{Operation: "token", Close: authtest.BeforeCommit})
	srv.Fault(authtest.Fault{Operation: "certs", Error: &authtest.Error{Code: "internal", Number: 13, Description: "x"}})
	refused(t, srv, "certs", "", nil, 500, "internal", 13)
	assert.Len(t, fake.finish(), 1)

	fake = &fakeT{}
	srv = authtest.NewServer(fake)
	srv.Fault(authtest.Fault{Operation: "token", Close: authtest.BeforeCommit})
	srv.Reset()
	assert.Empty(t, fake.finish())
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	err := error(&authtest.Error{Code: "resource_exhausted", Number: 8, Description: "secret"})
	assert.Equal(t, "authtest: 429 resource_exhausted (8)", err.Error())
	var typed *authtest.Error
	assert.True(t, errors.As(err, &typed))
}

func statuses(requests []authtest.Request) []int {
	all := make([]int, len(requests))
	for i, r := range requests {
		all[i] = r.Status
	}
	return all
}
