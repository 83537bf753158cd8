package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/clikit/cobrakit"
)

// version is what the program was built from.
type version struct {
	Version  string `json:"version"`            // of the module, "devel" if the build does not know it
	Revision string `json:"revision,omitempty"` // of the repository
	Modified bool   `json:"modified,omitempty"` // the working copy had changes
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func buildVersion() version {
	v := version{Version: tcbauth.Version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			v.Revision = setting.Value
		case "vcs.modified":
			v.Modified = setting.Value == "true"
		}
	}
	return v
}

func versionCommand(kit *clikit.Kit) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: versionShort.In(kit.Language()), Args: cobrakit.Args(kit, 0, 0),
		RunE: func(*cobra.Command, []string) error {
			return printVersion(kit)
		},
	}
}

func printVersion(kit *clikit.Kit) error {
	v := buildVersion()
	return kit.Answer(v, "tcbauth "+v.Version+" "+v.Go+" "+v.Platform+"\n")
}
