package tcbauth

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	program := debug.Module{Path: "example.com/program", Version: "v3.0.0"}
	library := func(version string, replace *debug.Module) *debug.Module {
		return &debug.Module{Path: modulePath, Version: version, Replace: replace}
	}
	for name, test := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"of no build":           {nil, "devel"},
		"of another program":    {&debug.BuildInfo{Main: program}, "devel"},
		"of a working copy":     {&debug.BuildInfo{Main: *library("(devel)", nil)}, "devel"},
		"of a release":          {&debug.BuildInfo{Main: *library("v0.1.0", nil)}, "v0.1.0"},
		"of a dependency":       {&debug.BuildInfo{Main: program, Deps: []*debug.Module{{Path: "example.com/a"}, library("v0.2.1", nil)}}, "v0.2.1"},
		"replaced by a version": {&debug.BuildInfo{Main: program, Deps: []*debug.Module{library("v0.1.0", &debug.Module{Version: "v0.1.1"})}}, "v0.1.1"},
		"replaced by a folder":  {&debug.BuildInfo{Main: program, Deps: []*debug.Module{library("v0.1.0", &debug.Module{Path: "../tcbauth"})}}, "devel"},
	} {
		assert.Equal(t, test.want, versionIn(test.info), name)
	}
	assert.NotEmpty(t, Version())
}
