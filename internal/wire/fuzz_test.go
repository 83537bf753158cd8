package wire_test

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// Whatever answers, there is either a value or a failure that is fit for a log.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		"", "null", "{}", "[]", `"x"`, "5", `{"a":"b"}`, `{"a":5}`, `{"a":`, "<html>", "\x00\xff", `{"error":"aborted","error_code":10}`,
		`{"error":{"a":1}}`, `{"error":true}`, `{"code":5,"message":"x"}`, `{"code":"X","retry_after":1e300}`, `{"error_code":"NaN"}`,
		`{"error":"a\nb","error_description":"\u0000\u001b\ud800"}`, `{"\u0065rror":"x"}`, `{"error_code":-1e999}`, `{"Error":"X"}`,
	} {
		f.Add(200, body, int64(-1), "", "", false)
		f.Add(400, body, int64(len(body)), "5", "", true)
		f.Add(502, body, int64(len(body)+1), "Sat, 01 Jan 2000 00:00:06 GMT", "x", false)
	}
	f.Fuzz(func(t *testing.T, status int, body string, length int64, after, date string, codeIsResult bool) {
		answer := said{status: status, body: body, headers: []string{"Retry-After", after, "Date", date}, length: length}
		req := post
		req.CodeIsResult = codeIsResult
		out, err := wire.Do[value](t.Context(), newClient(&script{answers: []said{answer}}), &req)
		require.Equal(t, out == nil, err != nil)
		if err == nil {
			require.Less(t, status, 300)
			return
		}
		got := failure(t, err)
		require.GreaterOrEqual(t, got.RetryAfter, time.Duration(0))
		require.LessOrEqual(t, got.RetryAfter, 24*time.Hour)
		for _, text := range []string{got.Code, got.Description} {
			require.False(t, strings.ContainsFunc(text, unicode.IsControl), "%q", text)
		}
		require.LessOrEqual(t, len(got.Description), 1000)
		require.Equal(t, "id", got.RequestID)
		if got.Code == "" && got.Number == 0 && got.Err == nil {
			require.Contains(t, body, "rror", "a failure needs a reason")
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{
		"", "0", "5", "-5", "99999999999", "99999999999999999999999", "1e3", " 5", "soon",
		"Sat, 01 Jan 2000 00:00:06 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Saturday, 01-Jan-00 00:00:06 GMT",
	} {
		f.Add(seed, "Sat, 01 Jan 2000 00:00:00 GMT", "5")
		f.Add(seed, "", `"x"`)
	}
	f.Fuzz(func(t *testing.T, after, date, inBody string) {
		s := &script{answers: []said{
			says(429, `{"error":"resource_exhausted","retry_after":`+inBody+`}`, "Retry-After", after, "Date", date),
		}}
		_, err := wire.Do[value](t.Context(), newClient(s), new(post))
		got := failure(t, err)
		require.GreaterOrEqual(t, got.RetryAfter, time.Duration(0))
		require.LessOrEqual(t, got.RetryAfter, 24*time.Hour)
	})
}

// No part can leave its place in the path, whatever it is.
func FuzzPath(f *testing.F) {
	for _, part := range []string{
		"", ".", "..", "a", "a/b", "../x", "..\\x", "a?b", "a#b", "a%2fb", "%2e%2e", "a b", "用户", "\xff", "a\r\nb", "a;b", "a:b", "//", "{x}", "...",
	} {
		f.Add(part, "device")
		f.Add("x", part)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		parts := []string{"v1", first, second}
		got, err := wire.Path(parts...)
		for _, part := range parts {
			if part == "" || part == "." || part == ".." {
				require.Error(t, err)
				require.Empty(t, got)
				return
			}
		}
		require.NoError(t, err)
		segments := strings.Split(got, "/")
		require.Len(t, segments, len(parts))
		require.Equal(t, got, path.Clean(got))
		for i, segment := range segments {
			back, err := url.PathUnescape(segment)
			require.NoError(t, err)
			require.Equal(t, parts[i], back)
		}
		// And what is sent is what was escaped.
		sent := ""
		s := &script{answers: []said{{err: errors.New("enough"), heard: func(r *http.Request) {
			sent = r.URL.EscapedPath()
			assert.Equal(t, "api.example.com", r.URL.Host)
			assert.Equal(t, "client_id=env", r.URL.RawQuery)
		}}}}
		req := post
		req.Path = got
		_, err = wire.Do[value](t.Context(), newClient(s), &req)
		require.Error(t, err)
		require.Equal(t, "/auth/"+got, sent)
	})
}
