package service

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A server that runs for weeks keeps few of the faults that are over, whichever way they ended, and all that are in force.
func TestFaultsThatAreOver(t *testing.T) {
	t.Parallel()
	var faults Faults
	nothing := func(string) bool { return false }
	first := faults.Inject(Fault{Operation: "certs", Status: 500})
	for i := range 3 * maxOver {
		f := faults.Inject(Fault{Operation: "token", Times: 1, Status: 500 + i%2})
		if i%2 == 0 {
			assert.True(t, faults.Lift(f.ID))
			assert.False(t, faults.Lift(f.ID))
			continue
		}
		assert.Equal(t, f.Fault, faults.Take("token", nothing))
		assert.True(t, f.UsedUp())
	}
	last := faults.Inject(Fault{Operation: "token", Status: 502})
	assert.Len(t, faults.All(), maxOver+2)
	assert.Len(t, faults.NotLifted(), maxOver/2+2)
	assert.Equal(t, first, faults.All()[0])
	assert.False(t, first.UsedUp())
	assert.Equal(t, last.Fault, faults.Take("token", nothing))
	assert.Equal(t, first.Fault, faults.Take("certs", nothing))
}
