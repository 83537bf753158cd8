package cobrakit

import (
	"math"

	"github.com/spf13/cobra"

	"github.com/cloudbase-community/tcbauth/clikit"
)

func execCommand(kit *clikit.Kit) *cobra.Command {
	cmd := &cobra.Command{
		Use: "exec [flags] -- COMMAND [ARG...]", Short: execShort.In(kit.Language()), Args: Args(kit, 1, math.MaxInt),
		RunE: Run(kit, kit.Exec),
	}
	cmd.Flags().SetInterspersed(false) // what follows the command is the command's
	return cmd
}
