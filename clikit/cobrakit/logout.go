package cobrakit

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/cloudbase-community/tcbauth/clikit"
)

func logoutCommand(kit *clikit.Kit) *cobra.Command {
	var o clikit.LogoutOptions
	language := kit.Language()
	cmd := &cobra.Command{
		Use: "logout", Short: logoutShort.In(language), Args: Args(kit, 0, 0),
		RunE: Run(kit, func(ctx context.Context, _ []string) error {
			there, err := kit.Logout(ctx, o)
			if err != nil {
				return err
			}
			said := nobodyThere
			if there {
				said = signedOut
			}
			kit.Say(said.In(kit.Language()))
			return kit.Answer(struct {
				SignedOut bool `json:"signed_out"`
			}{there}, "")
		}),
	}
	cmd.Flags().BoolVar(&o.Local, "local", false, flagLocal.In(language))
	cmd.Flags().BoolVar(&o.All, "all", false, flagAll.In(language))
	return cmd
}
