package containers

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// compose is as much of a Compose file as a service is run by here.
type compose struct {
	Services map[string]service `yaml:"services"`
}

type service struct {
	Command     []string          `yaml:"command"`
	Environment map[string]string `yaml:"environment"`
	Volumes     []string          `yaml:"volumes"`
	Healthcheck struct {
		Test []string `yaml:"test"`
	} `yaml:"healthcheck"`
}

// readCompose merges files of examples/compose as Compose does: later commands replace earlier ones, variables are added up.
func readCompose(t *testing.T, names ...string) map[string]service {
	t.Helper()
	all := make(map[string]service)
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(example, name)) //nolint:gosec // G304: it is this repository's
		require.NoError(t, err)
		var file compose
		require.NoError(t, yaml.Unmarshal(data, &file), name)
		for name, more := range file.Services {
			merged := all[name]
			merged.Environment = maps.Clone(merged.Environment)
			if merged.Environment == nil {
				merged.Environment = make(map[string]string)
			}
			maps.Copy(merged.Environment, more.Environment)
			merged.Volumes = slices.Concat(merged.Volumes, more.Volumes)
			if more.Command != nil {
				merged.Command = more.Command
			}
			if more.Healthcheck.Test != nil {
				merged.Healthcheck = more.Healthcheck
			}
			all[name] = merged
		}
	}
	return all
}
