package keys

import (
	"strconv"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A key is made once, and whoever needs only those that there are does not wait for it.
func TestRingMakesKeysAside(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan struct{}), make(chan struct{})
	number := 0
	r := ring{create: func() Signing {
		number++
		if number == 2 {
			close(begun)
			<-goOn
		}
		return Signing{Public: jose.JSONWebKey{KeyID: strconv.Itoa(number)}}
	}}
	require.Equal(t, "1", r.at(0).Public.KeyID)
	var waiting sync.WaitGroup
	for range 2 {
		waiting.Go(func() { assert.Equal(t, "2", r.at(1).Public.KeyID) })
	}
	<-begun
	assert.Equal(t, "1", r.at(0).Public.KeyID)
	assert.Equal(t, 1, r.after([]Signing{r.at(0)}), "the second one is not made yet")
	close(goOn)
	waiting.Wait()
	assert.Equal(t, "2", r.at(1).Public.KeyID)
	assert.Equal(t, 2, number)
}

// Keys that a state has brought back are not used a second time.
func TestRingGoesOnAfterKeys(t *testing.T) {
	t.Parallel()
	number := 0
	r := ring{create: func() Signing {
		number++
		return Signing{Public: jose.JSONWebKey{KeyID: strconv.Itoa(number)}}
	}}
	stranger := Signing{Public: jose.JSONWebKey{KeyID: "stranger"}}
	assert.Equal(t, 0, r.after([]Signing{stranger}))
	first, second := r.at(0), r.at(1)
	assert.Equal(t, 0, r.after(nil))
	assert.Equal(t, 2, r.after([]Signing{second, first, stranger}))
}
