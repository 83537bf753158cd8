package doctor_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/clikit/internal/doctor"
	"github.com/cloudbase-community/tcbauth/filestore"
	"github.com/cloudbase-community/tcbauth/keyringstore"
)

// setUp is a machine on which somebody is signed in. A test breaks one thing of it.
type setUp struct {
	*testing.T
	doctor.Target
	srv *authtest.Server
	dir string
}

func newSetUp(t *testing.T) *setUp {
	t.Helper()
	srv := authtest.NewServer(t)
	s := &setUp{T: t, srv: srv, dir: filepath.Join(t.TempDir(), "tcbauth")}
	s.Target = doctor.Target{
		Env: srv.Env, BaseURL: srv.URL, HTTPClient: srv.Client(), Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
		StoreDir: s.dir,
		Open:     func(context.Context) (*tcbauth.Auth, error) { return s.auth() },
	}
	auth, err := s.auth()
	require.NoError(t, err)
	_, err = auth.SignInAnonymously(t.Context(), tcbauth.SignInAnonymouslyRequest{})
	require.NoError(t, err)
	return s
}

func (s *setUp) auth() (*tcbauth.Auth, error) {
	store, err := filestore.New(s.dir)
	if err != nil {
		return nil, err
	}
	return tcbauth.New(s.srv.Env, tcbauth.WithBaseURL(s.srv.URL), tcbauth.WithHTTPClient(s.srv.Client()), tcbauth.WithTokenStore(store))
}

// found makes the checks in a language, and returns what they have found by their names.
func (s *setUp) found(language string) map[string]doctor.Finding {
	s.Helper()
	s.Language = language
	all := make(map[string]doctor.Finding)
	for _, f := range doctor.Run(s.Context(), s.Target) {
		assert.NotContains(s, all, f.Check)
		assert.NotContains(s, f.What+f.Do, "%!", "a text and what it has places for")
		assert.Equal(s, f.Status == doctor.OK, f.Do == "", "what is wrong says what to do: %+v", f)
		all[f.Check] = f
	}
	return all
}

func TestNothingIsWrong(t *testing.T) {
	t.Parallel()
	s := newSetUp(t)
	found := s.found("en")
	var checks []string
	for name, f := range found {
		checks = append(checks, name)
		assert.Equal(t, doctor.OK, f.Status, "%+v", f)
	}
	assert.ElementsMatch(t, []string{"proxy", "host", "certs", "environment", "clock", "store", "lock", "session", "issuer"}, checks)
}

// Each of these is found, by the check that it concerns and by no other that knows less, and the text says what to do.
func TestBrokenSetUps(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		breaks         func(s *setUp)
		check          string
		status         doctor.Status
		english, doing string // parts of the texts
		chinese        string
		also           []string // other checks that find something wrong
	}{
		"wrong environment": {
			func(s *setUp) { s.Env = "another-env" },
			"environment", doctor.Failure, "does not know the environment another-env", "console's overview page", "不认可环境 another-env", []string{"issuer"},
		},
		"no environment": {
			func(s *setUp) { s.Env = "" }, "environment", doctor.Failure, "No environment", "--env", "尚未指定环境", []string{"issuer"},
		},
		"an address for an environment": {
			func(s *setUp) { s.Env = "https://x" }, "environment", doctor.Failure, "not the id", "such as prod-1a2b3c", "不是环境 ID", []string{"issuer"},
		},
		"wrong region": {
			func(s *setUp) { s.BaseURL, s.Region = "", "shanghai" },
			"region", doctor.Failure, "\"shanghai\" is not the name of a region", "ap-shanghai", "不是地域名称", []string{"host", "environment", "issuer"},
		},
		"no network": {
			func(s *setUp) { s.HTTPClient = fails(dnsTimeout) }, "host", doctor.Failure, "DNS does not answer", "network connection", "DNS 没有应答", []string{"environment"},
		},
		"skewed clock": {
			func(s *setUp) { s.Now = func() time.Time { return time.Now().Add(10 * time.Minute) } },
			"clock", doctor.Failure, "ahead of", "set its time", "快", nil,
		},
		"a clock that is somewhat behind": {
			func(s *setUp) { s.Now = func() time.Time { return time.Now().Add(-time.Minute) } },
			"clock", doctor.Warning, "behind", "set its time", "慢", nil,
		},
		"world-readable directory": {
			func(s *setUp) { require.NoError(s, os.Chmod(s.dir, 0o755)) }, //nolint:gosec // what is to be found
			"store", doctor.Failure, "Others can read", "logout --all", "其他用户可以读取", nil,
		},
		"world-readable file": {
			func(s *setUp) { require.NoError(s, os.Chmod(s.files("*.value")[0], 0o644)) }, //nolint:gosec // what is to be found
			"store", doctor.Failure, ".value", "chmod -R go= ", "其他用户可以读取", []string{"session"},
		},
		"dead keyring": {
			func(s *setUp) { s.opens(keyringstore.ErrNoKeyring) }, "keyring", doctor.Failure, "does not answer", "--store file", "没有应答", nil,
		},
		"silent keyring": {
			func(s *setUp) { s.opens(context.DeadlineExceeded) }, "keyring", doctor.Failure, "does not answer", "Unlock", "没有应答", nil,
		},
		"a keyring without the key": {
			func(s *setUp) { s.opens(keyringstore.ErrKeyLost) }, "keyring", doctor.Failure, "does not have the key", "Sign out", "没有会话的密钥", nil,
		},
		"foreign lock": {
			func(s *setUp) { s.lock(10 * time.Minute) }, "lock", doctor.Failure, "for 10m", "fuser ", "占用会话锁 10m", nil,
		},
		"a lock that is in use": {
			func(s *setUp) { s.lock(0) }, "lock", doctor.Warning, "Another process", "in a minute", "另一个进程", nil,
		},
		"wrong issuer": {
			func(s *setUp) {
				auth, err := s.auth()
				require.NoError(s, err)
				require.NoError(s, auth.SetCredentials(s.Context(), &tcbauth.Credentials{
					AccessToken: s.srv.IssueToken(authtest.TokenSpec{Claims: map[string]any{"iss": "https://other.example"}}),
					ExpiresAt:   time.Now().Add(time.Hour),
				}))
			},
			"issuer", doctor.Failure, "issued by other.example", "sign in again", "由 other.example 签发", nil,
		},
		"a session of another environment": {
			func(s *setUp) {
				auth, err := s.auth()
				require.NoError(s, err)
				require.NoError(s, auth.SetCredentials(s.Context(), &tcbauth.Credentials{
					AccessToken: s.srv.IssueToken(authtest.TokenSpec{Claims: map[string]any{"project_id": "other-env"}}),
					ExpiresAt:   time.Now().Add(time.Hour),
				}))
			},
			"issuer", doctor.Failure, "of the environment other-env", "sign in again", "属于环境 other-env", nil,
		},
		"proxy page": {
			func(s *setUp) { s.answers("text/html", "<html>secret: sign in to the network</html>") },
			"proxy", doctor.Failure, "web page comes in place", "HTTPS_PROXY", "返回的是网页", []string{"environment", "issuer"},
		},
		"another server": {
			func(s *setUp) { s.answers("application/json", "{}") }, "certs", doctor.Failure, "not answer as an auth server", "--base-url", "不像身份认证服务", []string{"issuer"},
		},
		"an address that is none": {
			func(s *setUp) { s.BaseURL = "http://user:secret@example.com" },
			"host", doctor.Failure, "cannot be used", "https URL", "无法使用", []string{"environment"},
		},
		"damaged session": {
			func(s *setUp) {
				for _, file := range s.files("*.value") {
					require.NoError(s, os.WriteFile(file, []byte("{secret"), 0o600))
				}
			},
			"session", doctor.Failure, "cannot be read", "Sign out", "已损坏", nil,
		},
		"a store that cannot be opened": {
			func(s *setUp) {
				s.dir = filepath.Join(s.TempDir(), "file")
				require.NoError(s, os.WriteFile(s.dir, nil, 0o600))
				s.StoreDir = s.dir
			},
			"store", doctor.Failure, "not a directory", "Move", "不是目录", []string{"session"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(name, "world-readable") && runtime.GOOS == "windows" {
				t.Skip("SKIPPED: Windows has no modes that say so")
			}
			s := newSetUp(t)
			test.breaks(s)
			for language, what := range map[string]string{"en": test.english, "zh-CN": test.chinese} {
				if strings.HasPrefix(name, "world-readable") { // opening the store closes it
					test.breaks(s)
				}
				found := s.found(language)
				f := found[test.check]
				assert.Equal(t, test.status, f.Status, "%+v", found)
				assert.Contains(t, f.What, what)
				if language == "en" {
					assert.Contains(t, f.What+f.Do, test.doing)
				}
				for check, f := range found {
					if check != test.check && f.Status != doctor.OK {
						assert.Contains(t, test.also, check, "%+v", f)
					}
					assert.NotContains(t, f.What+f.Do, "secret")
				}
			}
		})
	}
}

func (s *setUp) files(pattern string) []string {
	files, err := filepath.Glob(filepath.Join(s.dir, pattern))
	require.NoError(s, err)
	require.NotEmpty(s, files)
	return files
}

// opens lets the store of a keyring fail to open.
func (s *setUp) opens(err error) {
	s.Keyring = true
	s.Open = func(context.Context) (*tcbauth.Auth, error) { return nil, err }
}

// lock lets somebody hold a lock since some time.
func (s *setUp) lock(since time.Duration) {
	store, err := filestore.New(s.dir)
	require.NoError(s, err)
	_, unlock, err := store.Lock(s.Context(), "key")
	require.NoError(s, err)
	s.Cleanup(unlock)
	then := time.Now().Add(-since)
	for _, file := range s.files("*.lock") {
		require.NoError(s, os.Chtimes(file, then, then))
	}
}

// answers puts another server in the place of CloudBase's.
func (s *setUp) answers(kind, body string) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write([]byte(body))
	}))
	s.Cleanup(srv.Close)
	s.BaseURL, s.HTTPClient = srv.URL, nil
}

// Somebody who has not begun yet has nothing that is broken.
func TestBeforeTheFirstSignIn(t *testing.T) {
	t.Parallel()
	s := newSetUp(t)
	s.StoreDir, s.Open = "", nil
	for _, f := range s.found("en") {
		assert.Equal(t, doctor.OK, f.Status, "%+v", f)
	}
	s.StoreDir = filepath.Join(t.TempDir(), "not", "there")
	assert.Equal(t, doctor.OK, s.found("en")["store"].Status)
	assert.NoDirExists(t, filepath.Dir(s.StoreDir), "a look makes nothing")
}

func TestALookLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newSetUp(t)
	before := s.files("*")
	s.found("en")
	assert.Equal(t, before, s.files("*"))
}
