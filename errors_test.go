package tcbauth_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// The forms in which the server and what stands before it say what is wrong (WIRE.md 3.2).
func TestErrorForms(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status      int
		body        string
		code        tcbauth.Code
		number      int
		description string
		category    tcbauth.Category
	}{
		"auth service": {400, `{"error":"password_not_set","error_code":4029,"error_description":"user password not set"}`,
			tcbauth.CodePasswordNotSet, 4029, "user password not set", tcbauth.CategoryInvalidCredentials},
		"with the gateway's word too": {400, `{"error":"password_not_set","error_code":4029,"error_description":"x","code":"PASSWORD_NOT_SET","message":"y"}`,
			tcbauth.CodePasswordNotSet, 4029, "x", tcbauth.CategoryInvalidCredentials},
		"gateway": {401, `{"code":"INVALID_CREDENTIALS","message":"no such client","requestId":"r"}`,
			tcbauth.CodeInvalidCredentials, 0, "no such client", tcbauth.CategoryInvalidCredentials},
		"gateway's code with a number": {400, `{"code":"ABORTED","error_code":10,"error_description":"too many tries"}`,
			tcbauth.CodeAborted, 10, "too many tries", tcbauth.CategoryVerificationFailed},
		"upper case":         {400, `{"error":"INVALID_ARGUMENT"}`, tcbauth.CodeInvalidArgument, 0, "", tcbauth.CategoryInvalidParams},
		"gRPC":               {404, `{"code":5,"message":"User not exist","details":[{"@type":"x"}]}`, tcbauth.CodeNotFound, 5, "User not exist", tcbauth.CategoryUserNotFound},
		"number only":        {429, `{"error_code":8}`, tcbauth.CodeResourceExhausted, 8, "", tcbauth.CategoryRateLimited},
		"number as text":     {400, `{"error":"captcha_required","error_code":"4001"}`, tcbauth.CodeCaptchaRequired, 4001, "", tcbauth.CategoryCaptchaRequired},
		"number as the code": {400, `{"code":"4002"}`, tcbauth.CodeCaptchaInvalid, 4002, "", tcbauth.CategoryCaptchaInvalid},
		"number for a code":  {400, `{"error":4001,"error_description":"x"}`, tcbauth.CodeCaptchaRequired, 4001, "x", tcbauth.CategoryCaptchaRequired},
		"unknown number":     {400, `{"error_code":4711}`, "", 4711, "", tcbauth.CategoryUnknown},
		"unknown code":       {418, `{"error":"teapot","error_code":77}`, "teapot", 77, "", tcbauth.CategoryUnknown},
		"status 200":         {200, `{"error":"aborted","error_code":10,"verification_token":"x"}`, tcbauth.CodeAborted, 10, "", tcbauth.CategoryVerificationFailed},
		"status 200, code":   {200, `{"code":"NOT_FOUND","message":"m","verification_token":"x"}`, tcbauth.CodeNotFound, 0, "m", tcbauth.CategoryUserNotFound},
		"status 200, number": {200, `{"error_code":4001,"verification_token":"x"}`, tcbauth.CodeCaptchaRequired, 4001, "", tcbauth.CategoryCaptchaRequired},
		"status 307":         {307, `{"error":"unavailable"}`, tcbauth.CodeUnavailable, 0, "", tcbauth.CategoryServiceError},
		"null fields":        {400, `{"error":"aborted","error_code":null,"error_description":null,"code":null,"message":null}`, tcbauth.CodeAborted, 0, "", tcbauth.CategoryVerificationFailed},
		"an object":          {400, `{"error":{"code":"INVALID_STATUS","message":"locked"}}`, tcbauth.CodeInvalidStatus, 0, "locked", tcbauth.CategoryUserStatusAbnormal},
		"an object's number": {400, `{"error":{"code":8,"message":"m"}}`, tcbauth.CodeResourceExhausted, 8, "m", tcbauth.CategoryRateLimited},
		"an object of texts": {400, `{"error":{"message":"m"}}`, "", 0, "m", tcbauth.CategoryUnknown},
		"of the cloud API": {200, `{"Response":{"Error":{"Code":"LimitExceeded","Message":"m"},"RequestId":"r"},"verification_token":"x"}`,
			"limitexceeded", 0, "m", tcbauth.CategoryUnknown},
		"escaped": {200, `{"\u0065rror":"aborted","verification_token":"x"}`, tcbauth.CodeAborted, 0, "", tcbauth.CategoryVerificationFailed},
		"more than fields": {500, `{"error":"internal","error_uri":"u","error_details":[{"x":1}],"details":{}}`,
			tcbauth.CodeInternal, 0, "", tcbauth.CategoryServiceError},
		"wrong types":             {500, `{"error":"internal","error_code":{},"error_description":[1]}`, tcbauth.CodeInternal, 0, "", tcbauth.CategoryServiceError},
		"502 in the server's":     {502, `{"error":"unavailable","error_code":14}`, tcbauth.CodeUnavailable, 14, "", tcbauth.CategoryServiceError},
		"504 in the gateway's":    {504, `{"code":"DEADLINE_EXCEEDED","message":"late"}`, tcbauth.CodeDeadlineExceeded, 0, "late", tcbauth.CategoryServiceError},
		"the server's validator":  {400, `{"error":"invalid_argument","error_code":3,"error_description":"invalid X.VerificationCode: value does not match regex pattern"}`, tcbauth.CodeInvalidArgument, 3, "invalid X.VerificationCode: value does not match regex pattern", tcbauth.CategoryInvalidParams},
		"a code that has expired": {400, `{"error":"invalid_argument","error_code":3,"error_description":"verification code expired"}`, tcbauth.CodeInvalidArgument, 3, "verification code expired", tcbauth.CategoryVerificationFailed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := callGiven(t, testbed.Reply(tt.status, tt.body))
			assert.Equal(t, tt.status, e.StatusCode)
			assert.Equal(t, tt.code, e.Code)
			assert.Equal(t, tt.number, e.Number)
			assert.Equal(t, tt.description, e.Description)
			assert.Equal(t, tt.category, e.Category)
			// The gateway says so when the service behind it has not answered: nobody knows what became of the request.
			assert.Equal(t, name == "504 in the gateway's", errors.Is(e, tcbauth.ErrOutcomeUnknown))
			assert.NotErrorIs(t, e, tcbauth.ErrInvalidResponse)
			if tt.code != "" {
				assert.ErrorIs(t, fmt.Errorf("wrapped: %w", e), tt.code)
				assert.Contains(t, e.Error(), string(tt.code))
			}
			assert.NotErrorIs(t, e, tcbauth.CodeUnauthenticated)
			assert.NotErrorIs(t, e, tcbauth.Code(""))
		})
	}
}

// These are no errors, whatever the fields are called.
func TestNoErrors(t *testing.T) {
	t.Parallel()
	for _, extra := range []string{
		`"error":null`, `"error":""`, `"error":false`, `"error_code":0`, `"error_code":"0"`, `"code":null`, `"code":""`, `"code":0`,
		`"error_description":"only a text"`, `"data":{"error":"inner","code":"INNER"}`, `"text":"\"error\":\"x\""`, `"x":1`,
	} {
		p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer {
			return testbed.Reply(200, `{"verification_token":"x",`+extra+`}`, "Content-Type", "text/plain")
		}}
		auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
		_, err := auth.Verify(t.Context(), tcbauth.VerifyRequest{VerificationID: testbed.PlantedID, VerificationCode: testbed.PlantedCode})
		assert.NoError(t, err, extra)
	}
}

// Answers that are not the server's keep their status.
func TestForeignAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status   int
		body     string
		is       error
		code     tcbauth.Code
		category tcbauth.Category
		wait     time.Duration
	}{
		"502":                {502, testbed.Page, tcbauth.ErrOutcomeUnknown, tcbauth.CodeUnreachable, tcbauth.CategoryServiceError, 0},
		"504":                {504, "", tcbauth.ErrOutcomeUnknown, tcbauth.CodeUnreachable, tcbauth.CategoryServiceError, 0},
		"502 in other JSON":  {502, `{"status":"down"}`, tcbauth.ErrOutcomeUnknown, tcbauth.CodeUnreachable, tcbauth.CategoryServiceError, 0},
		"503":                {503, testbed.Page, tcbauth.ErrInvalidResponse, "", tcbauth.CategoryServiceError, 0},
		"500":                {500, testbed.Page, tcbauth.ErrInvalidResponse, "", tcbauth.CategoryServiceError, 0},
		"429":                {429, testbed.Page, tcbauth.ErrRateLimited, "", tcbauth.CategoryRateLimited, time.Minute},
		"404":                {404, testbed.Page, tcbauth.ErrInvalidResponse, "", tcbauth.CategoryUnknown, 0},
		"401":                {401, testbed.Page, tcbauth.ErrInvalidResponse, "", tcbauth.CategoryInvalidCredentials, 0},
		"303":                {303, "", tcbauth.ErrInvalidResponse, "", tcbauth.CategoryUnknown, 0},
		"304":                {304, "", tcbauth.ErrInvalidResponse, "", tcbauth.CategoryUnknown, 0},
		"204":                {204, "", tcbauth.ErrInvalidResponse, "", tcbauth.CategoryUnknown, 0},
		"empty":              {200, "", tcbauth.ErrInvalidResponse, "", tcbauth.CategoryUnknown, 0},
		"null":               {200, "null", tcbauth.ErrInvalidResponse, "", tcbauth.CategoryUnknown, 0},
		"a list":             {200, "[]", tcbauth.ErrInvalidResponse, "", tcbauth.CategoryUnknown, 0},
		"a text":             {200, `"ok"`, tcbauth.ErrInvalidResponse, "", tcbauth.CategoryUnknown, 0},
		"two values":         {200, `{"verification_token":"x"}{}`, tcbauth.ErrInvalidResponse, "", tcbauth.CategoryUnknown, 0},
		"no field":           {200, "{}", tcbauth.ErrInvalidResponse, "", tcbauth.CategoryUnknown, 0},
		"field of a type":    {200, `{"verification_token":5}`, tcbauth.ErrInvalidResponse, "", tcbauth.CategoryUnknown, 0},
		"400 without a code": {400, `{}`, tcbauth.ErrInvalidResponse, "", tcbauth.CategoryUnknown, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := callGiven(t, testbed.Reply(tt.status, tt.body, "Content-Type", "text/html"))
			require.ErrorIs(t, e, tt.is)
			assert.Equal(t, tt.status, e.StatusCode)
			assert.Equal(t, tt.code, e.Code)
			assert.Equal(t, tt.category, e.Category)
			assert.Equal(t, tt.wait, e.RetryAfter)
			assert.NotContains(t, e.Error(), "html", "the page is not quoted")
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const limited = `{"error":"resource_exhausted"}`
	const date = "Thu, 01 Jan 2026 00:00:00 GMT"
	tests := map[string]struct {
		body    string
		headers []string
		want    time.Duration
	}{
		"none":                {limited, nil, time.Minute},
		"seconds":             {limited, []string{"Retry-After", "5"}, 5 * time.Second},
		"date":                {limited, []string{"Date", date, "Retry-After", "Thu, 01 Jan 2026 00:00:30 GMT"}, 30 * time.Second},
		"date in the past":    {limited, []string{"Date", date, "Retry-After", "Wed, 31 Dec 2025 00:00:00 GMT"}, time.Minute},
		"date far off":        {limited, []string{"Date", date, "Retry-After", "Fri, 01 Jan 2900 00:00:00 GMT"}, 24 * time.Hour},
		"negative":            {limited, []string{"Retry-After", "-5"}, time.Minute},
		"huge":                {limited, []string{"Retry-After", "99999999999"}, 24 * time.Hour},
		"garbage":             {limited, []string{"Retry-After", "soon"}, time.Minute},
		"body":                {`{"error":"resource_exhausted","retry_after":7}`, nil, 7 * time.Second},
		"body as text":        {`{"error":"resource_exhausted","retry_after":"7"}`, nil, 7 * time.Second},
		"body in camel case":  {`{"error":"resource_exhausted","retryAfter":8}`, nil, 8 * time.Second},
		"body before header":  {`{"error":"resource_exhausted","retry_after":7}`, []string{"Retry-After", "5"}, 7 * time.Second},
		"body negative":       {`{"error":"resource_exhausted","retry_after":-7}`, nil, time.Minute},
		"body huge":           {`{"error":"resource_exhausted","retry_after":999999999}`, nil, 24 * time.Hour},
		"body of a type":      {`{"error":"resource_exhausted","retry_after":{}}`, nil, time.Minute},
		"other error":         {`{"error":"internal"}`, nil, 0},
		"other error, header": {`{"error":"unavailable"}`, []string{"Retry-After", "5"}, 5 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, callGiven(t, testbed.Reply(429, tt.body, tt.headers...)).RetryAfter)
		})
	}
}

func TestDescriptionIsCleaned(t *testing.T) {
	t.Parallel()
	e := callGiven(t, testbed.Reply(400, `{"error":"internal","error_description":"two\nlines\tand\u0000more\u001b[31m\u0085"}`))
	assert.Equal(t, "two lines and more [31m ", e.Description)

	e = callGiven(t, testbed.Reply(400, `{"error":"internal","error_description":"`+strings.Repeat("长", 1000)+`"}`))
	assert.Equal(t, strings.Repeat("长", 333), e.Description, "cut between characters")

	e = callGiven(t, testbed.Reply(400, `{"error":"internal","error_description":"the code `+testbed.PlantedCode+` of `+testbed.PlantedID+` is wrong"}`))
	assert.Equal(t, "the code [redacted] of [redacted] is wrong", e.Description)
}

// The cut must not leave the beginning of a secret that can no longer be told from other text.
func TestDescriptionIsCutAfterHiding(t *testing.T) {
	t.Parallel()
	for space := 1000 - len(testbed.PlantedID); space < 1000; space++ {
		e := callGiven(t, testbed.Reply(400, `{"error":"internal","error_description":"`+strings.Repeat("x", space)+testbed.PlantedID+`"}`))
		assert.LessOrEqual(t, len(e.Description), 1000)
		require.NotContains(t, e.Description, testbed.PlantedID[:4], "after %d bytes", space)
	}
}

func TestUnauthenticatedIsOneTest(t *testing.T) {
	t.Parallel()
	unauthenticated := func(int, testbed.Arrived) testbed.Answer {
		return testbed.Reply(401, `{"error":"unauthenticated","error_code":16}`)
	}
	tests := map[string]struct {
		session bool
		reply   func(int, testbed.Arrived) testbed.Answer
		is      []error
	}{
		"nobody": {false, unauthenticated, []error{tcbauth.ErrNoSession}},
		"refused after a refresh": {true, func(n int, r testbed.Arrived) testbed.Answer {
			if strings.HasSuffix(r.URL.Path, "/token") {
				return testbed.Reply(200, testbed.GoodAnswer)
			}
			return unauthenticated(n, r)
		}, []error{tcbauth.ErrSessionExpired}},
		"refresh refused": {true, func(n int, r testbed.Arrived) testbed.Answer {
			if strings.HasSuffix(r.URL.Path, "/token") {
				return testbed.Reply(400, `{"error":"invalid_grant"}`)
			}
			return unauthenticated(n, r)
		}, []error{tcbauth.ErrSessionExpired, tcbauth.CodeInvalidGrant}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := tcbauth.NewMemoryStore()
			if tt.session {
				store = testbed.SessionStore(t)
			}
			_, err := testbed.NewPeerApp(t, &testbed.Peer{Answer: tt.reply}, store).Auth().GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
			testbed.RequireError(t, err)
			wrapped := fmt.Errorf("wrapped: %w", err)
			require.ErrorIs(t, wrapped, tcbauth.CodeUnauthenticated)
			assert.ErrorIs(t, wrapped, tcbauth.ErrInvalidCredentials)
			for _, is := range tt.is {
				assert.ErrorIs(t, wrapped, is)
			}
			_, err = store.Get(t.Context(), testbed.PeerKey)
			assert.ErrorIs(t, err, tcbauth.ErrNotFound)
		})
	}
	require.ErrorIs(t, tcbauth.ErrNoSession, tcbauth.CodeUnauthenticated)
	require.ErrorIs(t, tcbauth.ErrSessionExpired, tcbauth.CodeUnauthenticated)
	require.NotErrorIs(t, tcbauth.ErrNoSession, tcbauth.ErrSessionExpired)
}

// A POST whose connection never came about is sent again; its waits and ids are the ones of one call.
func TestRepeatAfterDialError(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for name, failure := range map[string]error{
		"dial": refused, "DNS": &net.DNSError{Err: "no such host", Name: testbed.MethodHost}, "wrapped": fmt.Errorf("proxy: %w", refused),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Lost(failure) }}
				auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
				_, err := auth.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: testbed.PlantedPhone})
				e := testbed.ErrorOf(t, err)
				require.ErrorIs(t, err, failure)
				require.ErrorIs(t, err, tcbauth.CodeUnreachable)
				require.NotErrorIs(t, err, tcbauth.ErrOutcomeUnknown, "it is certain that nothing was sent")
				assert.Zero(t, e.StatusCode)
				got := p.Requests()
				require.Len(t, got, 3)
				first, second := got[1].At.Sub(got[0].At), got[2].At.Sub(got[1].At)
				assert.GreaterOrEqual(t, first, 500*time.Millisecond)
				assert.LessOrEqual(t, first, time.Second)
				assert.GreaterOrEqual(t, second, time.Second)
				assert.LessOrEqual(t, second, 2*time.Second)
				for _, r := range got[1:] {
					assert.Equal(t, got[0].Header.Get("X-Request-Id"), r.Header.Get("X-Request-Id"))
					assert.Equal(t, got[0].Text, r.Text)
				}
			})
		})
	}
}

// callGiven makes a call that sends one request and is answered by given, and returns what it fails with.
func callGiven(t *testing.T, given testbed.Answer) *tcbauth.Error {
	t.Helper()
	p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return given }}
	auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
	_, err := auth.Verify(t.Context(), tcbauth.VerifyRequest{VerificationID: testbed.PlantedID, VerificationCode: testbed.PlantedCode})
	e := testbed.ErrorOf(t, err)
	require.Len(t, p.Requests(), 1)
	assert.Equal(t, "Verify", e.Op)
	assert.Equal(t, http.MethodPost, e.Method)
	assert.Equal(t, "/auth/v1/verification/verify", e.Path)
	assert.Equal(t, p.Requests()[0].Header.Get("X-Request-Id"), e.RequestID)
	return e
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		first := testbed.Sms(t, srv, auth, testbed.GopherPhone)
		_, err := auth.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone})
		require.ErrorIs(t, err, tcbauth.ErrRateLimited)
		require.ErrorIs(t, err, tcbauth.CodeResourceExhausted)
		var e *tcbauth.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, 429, e.StatusCode)
		assert.Equal(t, 8, e.Number)
		assert.Equal(t, time.Minute, e.RetryAfter)
		assert.NotEmpty(t, e.RequestID)
		assert.Equal(t, 2, srv.Count("verification"), "an SMS is never asked for twice")
		_, err = auth.SignInWithSms(t.Context(), first)
		require.NoError(t, err, "the code that was sent is still good")
		srv.Advance(e.RetryAfter)
		testbed.Sms(t, srv, auth, testbed.GopherPhone)
	})
}

func TestPasswordErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithPasswordLock(2, 10*time.Minute))
		srv.Seed(
			authtest.User{Username: "no_password", Email: "none@example.com"},
			authtest.User{Username: "blocked_01", Password: testbed.Password, Blocked: true},
			authtest.User{Username: "pending_01", Password: testbed.Password, Pending: true},
		)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		signIn := func(req tcbauth.SignInWithPasswordRequest) error {
			_, err := auth.SignInWithPassword(t.Context(), req)
			if err != nil {
				assert.NotContains(t, err.Error(), "-horse-")
				assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey))
			}
			return err
		}
		for _, test := range []struct {
			req  tcbauth.SignInWithPasswordRequest
			want error
		}{
			{tcbauth.SignInWithPasswordRequest{Username: testbed.Gopher, Password: "wrong-horse-1"}, tcbauth.CodeInvalidUsernameOrPassword},
			{tcbauth.SignInWithPasswordRequest{Username: "nobody_at_all", Password: testbed.Password}, tcbauth.CodeInvalidUsernameOrPassword},
			{tcbauth.SignInWithPasswordRequest{Email: "none@example.com", Password: testbed.Password}, tcbauth.CodePasswordNotSet},
			{tcbauth.SignInWithPasswordRequest{Username: "blocked_01", Password: testbed.Password}, tcbauth.ErrUserStatusAbnormal},
			{tcbauth.SignInWithPasswordRequest{Username: "pending_01", Password: testbed.Password}, tcbauth.CodeUserPending},
			{tcbauth.SignInWithPasswordRequest{Phone: "13800000000", Password: "wrong-horse-2"}, tcbauth.ErrInvalidCredentials},
			{tcbauth.SignInWithPasswordRequest{Username: testbed.Gopher, Password: testbed.Password}, tcbauth.CodeInvalidStatus}, // locked now
		} {
			require.ErrorIs(t, signIn(test.req), test.want)
		}
		sent := srv.Count("signin")
		assert.Equal(t, 7, sent, "none is sent twice")
		for _, req := range []tcbauth.SignInWithPasswordRequest{
			{Password: testbed.Password}, {Username: testbed.Gopher}, {Phone: "123", Password: testbed.Password}, {Email: "x", Password: testbed.Password},
		} {
			require.ErrorIs(t, signIn(req), tcbauth.ErrInvalidParams)
		}
		assert.Equal(t, sent, srv.Count("signin"))
		srv.Advance(10 * time.Minute)
		require.NoError(t, signIn(tcbauth.SignInWithPasswordRequest{Phone: "138 0000 0000", Password: testbed.Password}))
	})
}

func TestNewErrorText(t *testing.T) {
	t.Parallel()
	e := tcbauth.NewError(tcbauth.CodeResourceExhausted, "too often")
	assert.Equal(t, "tcbauth: 429: resource_exhausted: too often", e.Error())
	require.ErrorIs(t, e, tcbauth.ErrRateLimited)
	assert.Equal(t, time.Minute, e.RetryAfter)
	assert.NotEmpty(t, e.Help)
}

// The directory of a store, whose name is usually that of this package, is whole in the text of an error.
func TestDirectoryInError(t *testing.T) {
	t.Parallel()
	store := testbed.NewHookedStore()
	store.On(func(string, string) error { return errors.New("in /home/u/.config/mytool/tcbauth: no space left") })
	auth, err := tcbauth.New("your-env-id", tcbauth.WithTokenStore(store))
	require.NoError(t, err)
	_, err = auth.HasLoginState(t.Context())
	assert.EqualError(t, err, "tcbauth: HasLoginState: the token store failed: reading the session: in /home/u/.config/mytool/tcbauth: no space left")
}
