package reliability_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth/internal/reliability"
)

// small is a trial that takes no time: in memory, in a bubble.
var small = reliability.Size{
	Users: 3, Replicas: 2, Pause: time.Second, Usable: 2 * time.Second, Calm: 2 * time.Second, Start: reliability.InMemory,
}

const lasts = 4 * time.Second

func TestFaultsInMemory(t *testing.T) {
	t.Parallel()
	for _, fault := range reliability.ServerFaults(lasts) {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				out := small.Try(t, reliability.Memory(), fault)
				t.Logf("%+v", out)
				assert.NoError(t, out.Err())
			})
		})
	}
}

func TestStoreFaultsInMemory(t *testing.T) {
	t.Parallel()
	for i, fault := range reliability.NewWard(reliability.Memory()).Faults(lasts) {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ward := reliability.NewWard(reliability.Memory())
				out := small.Try(t, ward.Place, ward.Faults(lasts)[i])
				t.Logf("%+v", out)
				assert.NoError(t, out.Err())
			})
		})
	}
}
