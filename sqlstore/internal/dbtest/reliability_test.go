package dbtest

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/reliability"
	"github.com/cloudbase-community/tcbauth/sqlstore"
)

// reliable is a place for the fleets of package reliability, which write the results into docs/RELIABILITY.md.
func (p place) reliable(t *testing.T) reliability.Place {
	t.Helper()
	p = p.fresh()
	p.Lease = 10 * time.Second
	p.newStore(t)
	name := p.Dialect.String()
	if p.Dialect == sqlstore.MySQL {
		name = "MariaDB" // which is what runs here
	}
	return reliability.Place{Store: name, Open: func(tb testing.TB) tcbauth.TokenStore {
		store, err := p.open(t)
		require.NoError(tb, err)
		return store
	}}
}

// databases are those that are there.
func databases(t *testing.T) (all []place) {
	t.Helper()
	for _, p := range []place{
		{Driver: "sqlite", Dialect: sqlstore.SQLite, Source: "file:" + filepath.Join(t.TempDir(), "sessions.db") +
			"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=synchronous(NORMAL)"},
		{Driver: "pgx", Dialect: sqlstore.PostgreSQL, Source: os.Getenv(postgresEnv)},
		{Driver: "mysql", Dialect: sqlstore.MySQL, Source: os.Getenv(mariadbEnv)},
	} {
		if p.Source == "" {
			t.Logf("NOT TESTED on %v: neither %s nor %s names it; scripts/with-*.sh do", p.Dialect, postgresEnv, mariadbEnv)
			continue
		}
		all = append(all, p)
	}
	return all
}

// TestLoad measures how long calls take where there are many visitors.
func TestLoad(t *testing.T) { //nolint:paralleltest // each measures the machine
	load := reliability.LargeLoad(t)
	for _, p := range databases(t) { //nolint:paralleltest // as above
		t.Run(p.Driver, func(t *testing.T) { load.Check(t, p.reliable(t)) })
	}
}

// TestFaults has connections to databases stand still and break.
func TestFaults(t *testing.T) { //nolint:paralleltest // each takes the whole machine
	size := reliability.LargeTrial(t)
	const lasts = 4 * time.Second
	for _, p := range databases(t) { //nolint:paralleltest // as above
		t.Run(p.Driver, func(t *testing.T) {
			size.Check(t, p.reliable(t), reliability.ServerFaults(lasts)[0])
			if p.Driver == "sqlite" { // which is reached by no connection
				return
			}
			line := reliability.NewLine(t, p.address(t))
			p.Source = strings.Replace(p.Source, p.address(t), line.Addr(), 1)
			for _, fault := range line.Faults(lasts) {
				size.Check(t, p.reliable(t), fault)
			}
		})
	}
}

// address is the host and port of a database.
func (p place) address(t *testing.T) string {
	t.Helper()
	if _, rest, ok := strings.Cut(p.Source, "tcp("); ok {
		address, _, _ := strings.Cut(rest, ")")
		return address
	}
	u, err := url.Parse(p.Source)
	require.NoError(t, err)
	return u.Host
}
