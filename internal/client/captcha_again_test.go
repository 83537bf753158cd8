package client_test

import (
	"context"
	"errors"
	"fmt"
	"math"
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

// checker is a server that asks for a captcha and judges answers by what judge says of the n-th one.
func checker(judge func(n int) testbed.Answer) *testbed.Peer {
	pictures, answers := 0, 0
	return &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
		switch {
		case strings.HasSuffix(r.URL.Path, "/captcha/data"):
			pictures++
			return testbed.Reply(http.StatusOK, fmt.Sprintf(`{"token":"picture-%d","data":"data:image/png;base64,AAAA"}`, pictures))
		case strings.HasSuffix(r.URL.Path, "/captcha/data/verify"):
			answers++
			return judge(answers)
		case r.URL.Query().Get("captcha_token") == "":
			return testbed.Reply(http.StatusBadRequest, `{"error":"captcha_required","error_code":4001}`)
		}
		return testbed.Reply(http.StatusOK, testbed.GoodAnswer)
	}}
}

// count is how many requests to a path arrived.
func count(p *testbed.Peer, path string) (n int) {
	for _, r := range p.Requests() {
		if strings.HasSuffix(r.URL.Path, path) {
			n++
		}
	}
	return n
}

// solving is a client on p whose solver answers "answer-1", "answer-2" and so on.
func solving(t *testing.T, p *testbed.Peer) *tcbauth.Auth {
	t.Helper()
	n := 0
	return testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore(), tcbauth.WithCaptchaSolver(
		func(context.Context, tcbauth.Captcha) (string, error) {
			n++
			return fmt.Sprintf("answer-%d", n), nil
		})).Auth()
}

var right = testbed.Reply(http.StatusOK, `{"captcha_token":"good","expires_in":600}`)

// wrongAnswers are ways in which a server may refuse what was read in a picture.
var wrongAnswers = map[string]testbed.Answer{
	"invalid_argument":          testbed.Reply(http.StatusBadRequest, `{"error":"invalid_argument","error_code":3,"error_description":"the answer is wrong"}`),
	"captcha_invalid":           testbed.Reply(http.StatusBadRequest, `{"error":"captcha_invalid","error_code":4002}`),
	"captcha_required":          testbed.Reply(http.StatusBadRequest, `{"error":"captcha_required","error_code":4001}`),
	"invalid_verification_code": testbed.Reply(http.StatusBadRequest, `{"error":"invalid_verification_code","error_code":4002}`),
	"failed_precondition":       testbed.Reply(http.StatusBadRequest, `{"error":"failed_precondition","error_code":9}`),
	"aborted":                   testbed.Reply(http.StatusConflict, `{"error":"aborted","error_code":10}`),
	"the picture is gone":       testbed.Reply(http.StatusNotFound, `{"error":"not_found","error_code":5}`),
	"the gateway's form":        testbed.Reply(http.StatusBadRequest, `{"code":"INVALID_CAPTCHA","message":"wrong"}`),
	"a number alone":            testbed.Reply(http.StatusBadRequest, `{"error_code":4002}`),
	"an unknown number":         testbed.Reply(http.StatusBadRequest, `{"error_code":4711}`),
	"status 200":                testbed.Reply(http.StatusOK, `{"error":"captcha_invalid","error_code":4002}`),
}

// TestCaptchaAnsweredWronglyOnce: whoever misreads a picture is shown another one.
func TestCaptchaAnsweredWronglyOnce(t *testing.T) {
	t.Parallel()
	for name, wrong := range wrongAnswers {
		for mistakes := 1; mistakes <= 2; mistakes++ {
			t.Run(fmt.Sprintf("%s/%d", name, mistakes), func(t *testing.T) {
				t.Parallel()
				p := checker(func(n int) testbed.Answer {
					if n <= mistakes {
						return wrong
					}
					return right
				})
				require.NoError(t, getCode(t, solving(t, p)))
				assert.Equal(t, mistakes+1, count(p, "/captcha/data"))
				assert.Equal(t, mistakes+1, count(p, "/captcha/data/verify"))
				assert.Equal(t, 2, count(p, "/verification"))
				last := p.Requests()[len(p.Requests())-2]
				assert.JSONEq(t, fmt.Sprintf(`{"token":"picture-%d","key":"answer-%[1]d"}`, mistakes+1), last.Text)
			})
		}
	}
}

// TestCaptchaAnsweredWronglyThrice: after three pictures the call fails, as one with a captcha that is wrong.
func TestCaptchaAnsweredWronglyThrice(t *testing.T) {
	t.Parallel()
	for name, wrong := range wrongAnswers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := checker(func(int) testbed.Answer { return wrong })
			err := getCode(t, solving(t, p))
			require.ErrorIs(t, err, tcbauth.ErrCaptchaInvalid)
			require.ErrorIs(t, err, tcbauth.CodeCaptchaInvalid)
			e := testbed.ErrorOf(t, err)
			assert.Equal(t, "GetVerification", e.Op)
			assert.Equal(t, "/auth/v1/captcha/data/verify", e.Path)
			assert.Contains(t, e.Help, "图片验证码")
			assert.NotContains(t, err.Error(), "answer-")
			assert.Equal(t, 3, count(p, "/captcha/data"))
			assert.Equal(t, 3, count(p, "/captcha/data/verify"))
			assert.Equal(t, 1, count(p, "/verification"))
		})
	}
}

// TestCaptchaIsNotJudged: what says nothing about the answer is no reason to bother the person again.
func TestCaptchaIsNotJudged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer testbed.Answer
		want   error
	}{
		"a rate limit":       {testbed.Reply(http.StatusTooManyRequests, `{"code":"EXCEED_RATELIMIT"}`), nil},
		"resource_exhausted": {testbed.Reply(http.StatusBadRequest, `{"error":"resource_exhausted","error_code":8}`), tcbauth.ErrRateLimited},
		"429 with a page":    {testbed.Reply(http.StatusTooManyRequests, "<html>"), tcbauth.ErrRateLimited},
		"503 with a page":    {testbed.Reply(http.StatusServiceUnavailable, "<html>"), tcbauth.ErrServiceError},
		"internal":           {testbed.Reply(http.StatusInternalServerError, `{"error":"internal","error_code":13}`), tcbauth.CodeInternal},
		"internal, as 400":   {testbed.Reply(http.StatusBadRequest, `{"error":"internal","error_code":13}`), tcbauth.CodeInternal},
		"unauthenticated":    {testbed.Reply(http.StatusUnauthorized, `{"error":"unauthenticated","error_code":16}`), tcbauth.CodeUnauthenticated},
		"forbidden":          {testbed.Reply(http.StatusForbidden, `{"error":"permission_denied","error_code":7}`), tcbauth.CodePermissionDenied},
		"unknown client":     {testbed.Reply(http.StatusBadRequest, `{"error":"unauthorized_client","error_code":4022}`), tcbauth.CodeUnauthorizedClient},
		"a page":             {testbed.Reply(http.StatusOK, "<html>"), tcbauth.ErrInvalidResponse},
		"no captcha token":   {testbed.Reply(http.StatusOK, `{}`), tcbauth.ErrInvalidResponse},
		"400 with a page":    {testbed.Reply(http.StatusBadRequest, "<html>"), tcbauth.ErrInvalidResponse},
		"a lost answer":      {testbed.Lost(&net.OpError{Op: "read", Err: errors.New("reset")}), tcbauth.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := checker(func(int) testbed.Answer { return test.answer })
			err := getCode(t, solving(t, p))
			require.Error(t, err)
			require.NotErrorIs(t, err, tcbauth.ErrCaptchaInvalid)
			if test.want != nil {
				require.ErrorIs(t, err, test.want)
			}
			assert.Equal(t, 1, count(p, "/captcha/data/verify"))
			assert.Equal(t, 1, count(p, "/verification"))
		})
	}
}

// TestCaptchaIsMisreadOnTheEmulator is the same with the emulator's own judgement of a real picture.
func TestCaptchaIsMisreadOnTheEmulator(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithoutLimits())
		srv.RequireCaptcha("verification")
		r := testbed.NewReader(srv)
		var solver tcbauth.CaptchaSolver = func(ctx context.Context, c tcbauth.Captcha) (string, error) {
			answer, err := r.Solve(ctx, c)
			if r.Solved() < 3 {
				answer = "misread"
			}
			return answer, err
		}
		app := testbed.NewApp(t, srv, tcbauth.WithHTTPClient(testbed.HTTPClient(r)), tcbauth.WithCaptchaSolver(solver))
		require.NoError(t, getCode(t, app.Auth()))
		assert.Equal(t, 3, srv.Count("captcha/data"))
		assert.Equal(t, 2, srv.Count("verification"))
	})
}

// lifetimes are a store's notes of how long it should keep what is set.
type lifetimes struct {
	tcbauth.TokenStore
	all []time.Duration
}

func (s *lifetimes) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	s.all = append(s.all, ttl)
	return s.TokenStore.Set(ctx, key, value, ttl)
}

// TestLifetimeOfACaptchaToken: the store is asked to keep it as long as it lives, and not at all where that is no time in which
// it could be used. A lifetime of 0 would keep it for ever.
func TestLifetimeOfACaptchaToken(t *testing.T) {
	t.Parallel()
	const longest = math.MaxInt32 * time.Second
	for expiresIn, want := range map[string][]time.Duration{
		"600": {10 * time.Minute}, "11": {11 * time.Second}, "10": nil, "0": nil, "-1": nil,
		fmt.Sprint(math.MaxInt): {longest}, fmt.Sprint(math.MinInt): nil,
	} {
		t.Run(expiresIn, func(t *testing.T) {
			t.Parallel()
			p := testbed.Script(testbed.Reply(http.StatusOK, `{"captcha_token":"good","expires_in":`+expiresIn+`}`))
			store := &lifetimes{TokenStore: tcbauth.NewMemoryStore()}
			auth := testbed.NewPeerApp(t, p, store).ForUser("person")
			_, err := auth.VerifyCaptchaData(t.Context(), tcbauth.VerifyCaptchaDataRequest{Token: "picture", Key: "answer"})
			require.NoError(t, err)
			assert.Equal(t, want, store.all)
		})
	}
}
