package clikit_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit"
)

// The library reads the same variables as a tool without a prefix of its own.
func TestFromEnv(t *testing.T) {
	for _, tt := range []struct{ env, region, base, want, refusal string }{
		{"", "", "", "", "TCB_ENV is not set"},
		{"env-1", "", "", "https://env-1.ap-shanghai.tcb-api.tencentcloudapi.com", ""},
		{"env-1", "ap-guangzhou", "", "https://env-1.ap-guangzhou.tcb-api.tencentcloudapi.com", ""},
		{"env-1", "ap-guangzhou", "http://127.0.0.1:1", "http://127.0.0.1:1", ""},
		{"env 1", "", "", "", "env must be"},
		{"env-1", "Shanghai", "", "", "WithRegion"},
		{"env-1", "", "http://example.com", "", "WithBaseURL"},
	} {
		t.Setenv("TCB_ENV", tt.env)
		t.Setenv("TCB_REGION", tt.region)
		t.Setenv("TCB_BASE_URL", tt.base)
		app, err := tcbauth.FromEnv(tcbauth.WithMaxAttempts(1))
		if tt.refusal != "" {
			require.ErrorContains(t, err, tt.refusal)
			require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, tt.want, app.BaseURL())
		assert.Equal(t, tt.env, app.Env())

		kit, err := clikit.New(clikit.Config{App: "tcbauth", Dir: t.TempDir()})
		require.NoError(t, err)
		set, err := kit.Settings()
		require.NoError(t, err)
		assert.Equal(t, []string{tt.env, tt.region, tt.base}, []string{set.Env.Value, set.Region.Value, set.BaseURL.Value})
		assert.Equal(t, "TCB_ENV", set.Env.Source)
	}
	t.Setenv("TCB_ENV", "env-1")
	t.Setenv("TCB_BASE_URL", "")
	t.Setenv("TCB_REGION", "ap-guangzhou")
	app, err := tcbauth.FromEnv(tcbauth.WithRegion("ap-beijing"))
	require.NoError(t, err)
	assert.Contains(t, app.BaseURL(), "ap-beijing", "an option comes after the variable")
}
