package reliability_test

import (
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/filestore"
	"github.com/cloudbase-community/tcbauth/internal/reliability"
)

// files is a directory with sessions.
func files(t *testing.T) reliability.Place {
	t.Helper()
	dir := t.TempDir()
	return reliability.Place{Store: "file", Open: func(tb testing.TB) tcbauth.TokenStore {
		store, err := filestore.New(dir)
		require.NoError(tb, err)
		return store
	}}
}

// TestLoad measures how long calls take where there are many users.
func TestLoad(t *testing.T) { //nolint:paralleltest // each measures the machine
	load := reliability.LargeLoad(t)
	places := []reliability.Place{reliability.Memory(), files(t)}
	if _, err := exec.LookPath("redis-server"); err == nil {
		places = append(places, redisOf(startRedis(t, "--appendonly", "yes")))
	} else {
		t.Log("NOT LOADED: there is no redis-server to start: ", err)
	}
	for _, place := range places { //nolint:paralleltest // as above
		t.Run(place.Store, func(t *testing.T) { load.Check(t, place) })
	}
}

// realLasts is how long a fault lasts in real time.
const realLasts = 4 * time.Second

// strict is a fault of a store, whose server forgives least.
func strict(f reliability.Fault) reliability.Fault {
	if f.Lasts == 0 {
		f.Lasts = realLasts
	}
	if f.Policy == (authtest.RefreshPolicy{}) {
		f.Policy = authtest.Rotating().RevokingReuse()
	}
	return f
}

// someServerFaults are those in which what the store has matters.
func someServerFaults() (some []reliability.Fault) {
	for _, f := range reliability.ServerFaults(realLasts) {
		if f.Name == reliability.Nothing || f.Name == "server silent" || f.Name == "server answers 503" || f.Loses != "" {
			some = append(some, f)
		}
	}
	return some
}

func TestFaultsInRealTime(t *testing.T) { //nolint:paralleltest // each takes the whole machine
	size := reliability.LargeTrial(t)
	for _, fault := range reliability.ServerFaults(realLasts) {
		t.Run("memory/"+fault.Name, func(t *testing.T) { size.Check(t, reliability.Memory(), fault) })
	}
	for i := range reliability.NewWard(reliability.Memory()).Faults(realLasts) {
		ward := reliability.NewWard(reliability.Memory())
		fault := ward.Faults(realLasts)[i]
		t.Run("memory/"+fault.Name, func(t *testing.T) { size.Check(t, ward.Place, fault) })
	}
	for _, fault := range someServerFaults() { //nolint:paralleltest // as above
		t.Run("file/"+fault.Name, func(t *testing.T) { size.Check(t, files(t), fault) })
	}
}
