package service

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What IsRelaxed says of the rules is what Relax does.
func TestRelaxedRules(t *testing.T) {
	t.Parallel()
	read := func(c Config) (rules map[string]json.RawMessage) {
		raw, err := json.Marshal(c.rules())
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, &rules))
		return rules
	}
	c := Defaults()
	before := read(c)
	c.Relax()
	for rule, after := range read(c) {
		assert.Equal(t, string(before[rule]) != string(after), IsRelaxed(rule), rule)
	}
}
