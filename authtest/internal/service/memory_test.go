package service

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// unsigned is Finish with a token that is as long as a real one, but for the time that its signature takes.
func unsigned(p Pending) any { return p.keep(strings.Repeat("x", 700) + random.Text(32)) }

func heap() int {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc) //nolint:gosec // G115: a heap that int cannot count does not fit
}

// month is a month of traffic, in so many parts of refreshes and one anonymous sign-in for ten of them.
func month(t *testing.T, s *Service, refreshes int) {
	t.Helper()
	a, err := s.People.Seed(Person{Username: "user_01"})
	require.NoError(t, err)
	session := s.Sessions.Open(Session{User: a})
	token := unsigned(s.Sessions.Mint(session)).(Credentials).RefreshToken
	step := 30 * 24 * time.Hour / time.Duration(refreshes)
	for i := range refreshes {
		require.NoError(t, s.Advance(step))
		s.Arrive()
		s.Log.Add(Pack(&Request{Operation: "token", Method: "POST", Path: "/auth/v1/token", Header: http.Header{"X-Device-Id": {random.ID()}}}))
		n := s.Sessions.Spend(token)
		require.NotNil(t, n)
		token = unsigned(s.Sessions.Mint(n)).(Credentials).RefreshToken
		if i%10 == 0 {
			someone := s.People.Anonymous(random.ID())
			someone.LastLogin = s.Now()
			someone.Record(Event{Action: "USER_LOGIN", Device: random.ID(), At: s.Now()})
			unsigned(s.Sessions.Mint(s.Sessions.Open(Session{User: someone, Provider: "anonymous"})))
		}
		if i%50 == 0 {
			to := address.Contact{Phone: fmt.Sprintf("+86 138%08d", i)}
			v, pending := s.Codes.New(to, func(string) any { return nil })
			unsigned(pending)
			s.Inbox.Deliver(Message{To: to.String(), Channel: "sms", Code: v.Code, SentAt: v.SentAt})
			unsigned(s.Codes.Prove(to, func(string) any { return nil }))
			s.Captchas.Try(s.Captchas.Show(), "no")
			s.Sudos.Grant(a)
			s.Devices.New("app", "")
			s.QRCodes.New()
			s.Grants.New(Grant{Session: session})
			s.Parties.NewToken(Identity{Provider: "wx_open", Sub: "1"})
			s.Parties.NewCode(Identity{Provider: "wx_open", Sub: "1"})
		}
	}
	assert.Equal(t, session, s.Sessions.OfAny(token))
}

// What has expired is forgotten, so that an emulator can stay up for weeks. The month has 10,000 refreshes, and with
// TCBAUTH_LOAD a million.
func TestMemoryOfAMonth(t *testing.T) { //nolint:paralleltest // it looks at the memory of the process
	refreshes := 10_000
	if os.Getenv("TCBAUTH_LOAD") != "" {
		refreshes = 1_000_000
	}
	s, err := New(Defaults(), "http://127.0.0.1")
	require.NoError(t, err)
	unsigned(s.Sessions.Mint(s.Sessions.Open(Session{User: &Account{}}))) // makes the key
	before := heap()
	month(t, s, refreshes)
	grown := heap() - before
	t.Logf("%d refreshes in 30 days: %.1f MB more", refreshes, float64(grown)/(1<<20))
	assert.Less(t, grown, 20<<20)

	require.NoError(t, s.Advance(31*24*time.Hour))
	s.Arrive()
	assert.Empty(t, s.Sessions.open)
	assert.Empty(t, s.Sessions.access)
	assert.Empty(t, s.Sessions.byUser)
	for name, left := range map[string]int{
		"codes": len(s.Codes.sent) + len(s.Codes.tokens) + len(s.Codes.mailboxes), "pictures": len(s.Captchas.pictures),
		"sudos": len(s.Sudos.held), "devices": len(s.Devices.codes), "grants": len(s.Grants.codes), "QR codes": len(s.QRCodes.codes),
		"provider tokens": len(s.Parties.tokens), "provider codes": len(s.Parties.codes),
	} {
		assert.Zero(t, left, name)
	}
	assert.LessOrEqual(t, len(s.People.byDevice), maxIdle)
	runtime.KeepAlive(s)
}

// Requests that are as long as the log lets them be.
func TestLogIsBoundedInBytes(t *testing.T) { //nolint:paralleltest // it looks at the memory of the process
	s, err := New(Defaults(), "http://127.0.0.1")
	require.NoError(t, err)
	body := make(map[string]any)
	for i := range 64 {
		body[fmt.Sprintf("%0200d", i)] = "***"
	}
	long := strings.Repeat("x", 200)
	before := heap()
	for range 2000 {
		logged := Pack(&Request{Operation: "token", Method: "POST", Body: body})
		s.Log.Add(logged)
		s.Log.Settle(logged, &Request{Status: 400, Description: strings.Clone(long)})
	}
	assert.Equal(t, long, s.Log.All()[0].Request().Description)
	assert.Less(t, heap()-before, 10<<20)
	assert.Equal(t, 2000, s.Log.Count("token"))
	assert.Greater(t, len(s.Log.All()), 5)
	old := s.Log.All()[0]
	s.Reset()
	s.Log.Settle(&old, &Request{Description: long})
	assert.Zero(t, s.Log.requests.size, "what a reset has forgotten takes no room")
	runtime.KeepAlive(s)
}

func TestProviderCodesAreBounded(t *testing.T) {
	t.Parallel()
	s, err := New(Defaults(), "")
	require.NoError(t, err)
	var last string
	for range 2 * maxProviderCodes {
		last = s.Parties.NewCode(Identity{Provider: "wx_open", Sub: "1"})
	}
	assert.Len(t, s.Parties.codes, maxProviderCodes)
	_, ok := s.Parties.TakeCode("wx_open", last)
	assert.True(t, ok)
}
