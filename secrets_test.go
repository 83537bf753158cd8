package tcbauth_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// The secrets that tests plant. Each has "planted" in it, or is in plantedForms.
const (
	plantedAccess       = jwtHead + "planted-access-token"
	plantedRefresh      = "m.planted-refresh-token"
	plantedPassword     = "planted-Passw0rd"
	plantedID           = "planted-verification-id"
	plantedVerification = "planted-verification-token"
	plantedProvider     = "planted-provider-token"
	plantedClientSecret = "planted-client-secret"
	plantedSudo         = "planted-sudo-token"
	plantedTicket       = "planted-ticket"
	plantedKey          = "planted-access-key"
	plantedUser         = "planted_user"
	plantedEmail        = "planted.person@example.com"
	plantedNumber       = "13912345678"
	plantedPhone        = "+86 " + plantedNumber
	plantedCode         = "7391548206137" // long, so that no random id has it in it
)

// assertNoSecret fails if text has a planted secret in it.
func assertNoSecret(t *testing.T, where, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	for _, secret := range plantedForms {
		assert.NotContains(t, lower, secret, where)
	}
}

// jwtHead is the open part of a token: {"alg":"RS256","kid":"k"} and {"sub":"1"}.
const jwtHead = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.eyJzdWIiOiIxIn0."

// plantedForms are what to look for, in lower case.
var plantedForms = []string{"planted", plantedNumber, plantedCode, strings.ToLower(plantedBasic)}

// plantedBasic is the client secret as it goes out.
var plantedBasic = base64.StdEncoding.EncodeToString([]byte(methodEnv + ":" + plantedClientSecret))

// diary keeps what a logger of the debug level writes, as text and as JSON.
type diary struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.out.Write(p)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.out.String()
}

func (d *diary) logger() *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	return slog.New(slog.NewMultiHandler(slog.NewTextHandler(d, options), slog.NewJSONHandler(d, options)))
}

// assertErrorKeepsSecrets looks at every text that err and what it wraps can become.
func assertErrorKeepsSecrets(t *testing.T, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		assertNoSecret(t, "text", err.Error())
		if t.Failed() {
			return // every other form has it too
		}
		for form, text := range printedForms(err) {
			assertNoSecret(t, form, text)
		}
		var e *tcbauth.Error
		if errors.As(err, &e) {
			for _, text := range []string{string(e.Code), e.Description, e.RequestID, e.Path} {
				assertNoSecret(t, "field of the error", text)
			}
			data, failed := json.Marshal(e)
			require.NoError(t, failed)
			assertNoSecret(t, "JSON of the error", string(data))
		}
	}
}

// quotes is a text with everything that r carries: what a careless server, proxy or test rig puts into its answer.
func quotes(r arrived) string {
	var b strings.Builder
	b.WriteString(r.URL.String() + " " + r.Header.Get("Authorization") + " " + r.body)
	var fields map[string]any
	if json.Unmarshal([]byte(r.body), &fields) == nil {
		for _, value := range fields {
			fmt.Fprintf(&b, " %v", value)
			if text, ok := value.(string); ok && strings.HasPrefix(text, "+") {
				compact := strings.ReplaceAll(text, " ", "")
				b.WriteString(" " + compact + " " + strings.TrimPrefix(compact, "+86") + " " + strings.TrimPrefix(compact, "+"))
			}
		}
	}
	return b.String()
}

func asJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return string(data)
}

// indiscreet are answers that quote the request, in every place where a text can stand.
var indiscreet = map[string]func(r arrived) answer{
	"error_description": func(r arrived) answer {
		return reply(400, `{"error":"invalid_argument","error_code":3,"error_description":`+asJSON(quotes(r))+`}`)
	},
	"message": func(r arrived) answer {
		return reply(400, `{"code":"INVALID_ARGUMENT","message":`+asJSON(quotes(r))+`,"requestId":`+asJSON(quotes(r))+`}`)
	},
	"error": func(r arrived) answer {
		return reply(400, `{"error":`+asJSON(quotes(r))+`}`)
	},
	"code": func(r arrived) answer {
		return reply(200, `{"code":`+asJSON(quotes(r))+`,"message":"x"}`)
	},
	"other fields": func(r arrived) answer {
		text := asJSON(quotes(r))
		return reply(500, `{"error":"internal","error_uri":`+text+`,"details":[`+text+`],"retry_after":`+text+`}`)
	},
	"HTML": func(r arrived) answer {
		return reply(500, "<html>"+quotes(r), "Content-Type", "text/html", "Retry-After", quotes(r))
	},
	"not quite JSON": func(r arrived) answer { return reply(200, `{"a":"`+quotes(r)) },
	"plain JSON":     func(r arrived) answer { return reply(200, asJSON(quotes(r))) },
	"wrong types": func(r arrived) answer {
		return reply(200, `{"access_token":[`+asJSON(quotes(r))+`],"expires_in":`+asJSON(quotes(r))+`}`)
	},
	"redirect": func(r arrived) answer {
		return reply(307, "", "Location", "https://elsewhere.example/?q="+quotes(r))
	},
	"redirect to no URL": func(r arrived) answer {
		return reply(307, "", "Location", "https://[::1/"+quotes(r))
	},
	"unauthenticated": func(r arrived) answer {
		return reply(401, `{"error":"unauthenticated","error_description":`+asJSON(quotes(r))+`}`)
	},
	"unreachable": func(arrived) answer { return lost(errors.New("connection reset by peer")) },
}

func TestSecretsStayIn(t *testing.T) {
	t.Parallel()
	for name, row := range methodRows {
		for kind, quoting := range indiscreet {
			for step := range row.needed() {
				if row.local {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/request %d", name, kind, step), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						p := &peer{answer: func(n int, r arrived) answer {
							if n < step {
								return row.good()
							}
							return quoting(r)
						}}
						var log diary
						opts := append(row.opts[:len(row.opts):len(row.opts)], tcbauth.WithLogger(log.logger()))
						_, err := callMethod(t.Context(), newPeerApp(t, p, sessionStore(t), opts...).Auth(), name, row)
						if kind != "wrong types" && kind != "code" && !row.ended { // good answers of some calls
							require.Error(t, err)
						}
						assertErrorKeepsSecrets(t, err)
						assert.NotEmpty(t, log.String())
						assertNoSecret(t, "log", log.String())
						assertSecretsAreWhereTheyBelong(t, p.requests())
					})
				})
			}
		}
	}
}

// The good path logs too, and what fails beside it is logged as a warning.
func TestSecretsStayInOnSuccess(t *testing.T) {
	t.Parallel()
	forEachMethod(t, nil, func(t *testing.T, name string, row methodRow) {
		for kind, quoting := range indiscreet {
			p := &peer{answer: func(n int, r arrived) answer {
				if n < row.needed() {
					return row.good()
				}
				return quoting(r)
			}}
			var log diary
			opts := append(row.opts[:len(row.opts):len(row.opts)], tcbauth.WithLogger(log.logger()))
			auth := newPeerApp(t, p, sessionStore(t), opts...).Auth()
			defer auth.OnAuthStateChange(func(tcbauth.AuthEvent) { panic(plantedAccess) })()
			result, err := callMethod(t.Context(), auth, name, row)
			synctest.Wait() // for the handler's panic
			require.NoError(t, err, kind)
			if state, ok := result.(*tcbauth.LoginState); ok {
				assertErrorKeepsSecrets(t, state.UserErr)
			}
			assertNoSecret(t, "log", log.String())
			assertSecretsAreWhereTheyBelong(t, p.requests())
		}
	})
}

// assertSecretsAreWhereTheyBelong: secrets go to the API's host, in the Authorization or the body. Only what the js-sdk
// sends in a query, because there is no body, does so here. The client secret goes with Basic and with a refresh.
func assertSecretsAreWhereTheyBelong(t *testing.T, requests []arrived) {
	t.Helper()
	for _, r := range requests {
		assert.Equal(t, methodHost, r.URL.Host)
		assertNoSecret(t, "path", r.URL.Path)
		if r.Method != http.MethodGet && r.Method != http.MethodDelete {
			assertNoSecret(t, "URL", r.URL.String())
		}
		for name, values := range r.Header {
			if name != "Authorization" {
				assertNoSecret(t, "header "+name, strings.Join(values, " "))
			}
		}
		basic := r.Header.Get("Authorization") == "Basic "+plantedBasic
		assert.Equal(t, basic, strings.Contains(r.Header.Get("Authorization"), "Basic"))
		if !strings.HasSuffix(r.URL.Path, "/token") {
			assert.NotContains(t, r.body, plantedClientSecret)
		}
	}
}

// An expired session is refreshed on the way; an anonymous one may be made anew, with Basic.
func TestSecretsStayInWhileRefreshing(t *testing.T) {
	t.Parallel()
	for kind, quoting := range indiscreet {
		for _, scope := range []string{"user", "anonymous"} {
			t.Run(kind+"/"+scope, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					store := tcbauth.NewMemoryStore()
					expired := tcbauth.Credentials{AccessToken: plantedAccess, RefreshToken: plantedRefresh, Scope: scope, ExpiresIn: 60, ExpiresAt: time.Now().Add(-time.Hour)}
					if scope == "anonymous" {
						expired.RefreshToken = ""
					}
					data, err := json.Marshal(expired)
					require.NoError(t, err)
					require.NoError(t, store.Set(t.Context(), "credentials_"+methodEnv, data, 0))
					p := &peer{answer: func(_ int, r arrived) answer { return quoting(r) }}
					var log diary
					auth := newPeerApp(t, p, store, tcbauth.WithLogger(log.logger())).Auth()
					_, err = auth.GetAccessToken(t.Context())
					requireError(t, err)
					assertErrorKeepsSecrets(t, err)
					require.NotEmpty(t, p.requests())
					assertNoSecret(t, "log", log.String())
					assertSecretsAreWhereTheyBelong(t, p.requests())
				})
			})
		}
	}
}

// A transport that panics with what it was given must not carry it into an error of the shared refresh.
func TestPanicOfTransportIsNotQuoted(t *testing.T) {
	t.Parallel()
	var log diary
	p := &peer{answer: func(_ int, r arrived) answer { panic(quotes(r)) }}
	auth := newPeerApp(t, p, sessionStore(t), tcbauth.WithLogger(log.logger())).Auth()
	_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
	requireError(t, err)
	assertErrorKeepsSecrets(t, err)
	assertNoSecret(t, "log", log.String())
}

func TestSecretsStayInWhenStoreFails(t *testing.T) {
	t.Parallel()
	forEachMethod(t, nil, func(t *testing.T, name string, row methodRow) {
		for _, broken := range [][]string{{"Get"}, {"Set"}, {"Delete"}, {"Lock"}, {"Get", "Set", "Delete", "Lock"}} {
			store := newBrokenStore(sessionStore(t), broken...)
			p := &peer{answer: func(int, arrived) answer { return row.good() }}
			var log diary
			opts := append(row.opts[:len(row.opts):len(row.opts)], tcbauth.WithLogger(log.logger()))
			app := newPeerApp(t, p, store, opts...)
			for _, auth := range []*tcbauth.Auth{app.Auth(), app.ForUser(plantedPhone)} {
				_, err := callMethod(t.Context(), auth, name, row)
				if err != nil {
					e := errorOf(t, err)
					if !errors.Is(err, tcbauth.ErrNoSession) {
						require.ErrorIs(t, err, tcbauth.ErrStore)
						require.ErrorIs(t, err, errDisk)
					}
					assert.NotErrorIs(t, e, tcbauth.ErrSessionExpired, "a store that fails ends no session")
				}
				assertErrorKeepsSecrets(t, err)
				assertNoSecret(t, "log", log.String())
			}
		}
	})
}
