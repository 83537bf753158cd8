package cobrakit

import (
	"github.com/spf13/cobra"

	"github.com/cloudbase-community/tcbauth/clikit"
)

func execCommand(kit *clikit.Kit) *cobra.Command {
	cmd := &cobra.Command{
		Use: "exec [flags] -- COMMAND [ARG...]", Short: execShort.In(kit.Language()), Args: cobra.MinimumNArgs(1),
		RunE: Run(kit, kit.Exec),
	}
	cmd.Flags().SetInterspersed(false) // what follows the command is the command's
	return cmd
}
