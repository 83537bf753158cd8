package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/clikit/cobrakit"
)

// doctorCommand prints what every check has found. A failure is exit code 1.
func doctorCommand(kit *clikit.Kit) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: doctorShort.In(kit.Language()), Args: cobrakit.Args(kit, 0, 0),
		RunE: cobrakit.Run(kit, func(ctx context.Context, _ []string) error {
			found, err := kit.Doctor(ctx)
			if err != nil {
				return err
			}
			var b strings.Builder
			failed := false
			for _, f := range found {
				failed = failed || f.Status == clikit.CheckFailure
				fmt.Fprintf(&b, "%-7s  %s: %s\n", f.Status, f.Check, f.What)
				if f.Do != "" {
					fmt.Fprintf(&b, "%-7s  %s\n", "", f.Do)
				}
			}
			if err := kit.Answer(found, b.String()); err != nil {
				return err
			}
			if failed {
				return clikit.ExitStatus(clikit.ExitError)
			}
			return nil
		}),
	}
}
