package cobrakit

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/internal/bilingual"
)

func profileCommand(kit *clikit.Kit) *cobra.Command {
	language := kit.Language()
	cmd := &cobra.Command{
		Use: "profile", Short: profileShort.In(language),
		RunE: func(*cobra.Command, []string) error { return misuse(kit, whichOne) },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "list", Short: listShort.In(language), Args: Args(kit, 0, 0),
			RunE: Run(kit, func(context.Context, []string) error { return listProfiles(kit) }),
		},
		&cobra.Command{
			Use: "use NAME", Short: useShort.In(language), Args: Args(kit, 1, 1),
			RunE: Run(kit, func(_ context.Context, args []string) error {
				return changed(kit, args[0], inUse, kit.UseProfile(args[0]))
			}),
		},
		&cobra.Command{
			Use: "delete NAME", Short: deleteShort.In(language), Args: Args(kit, 1, 1),
			RunE: Run(kit, func(ctx context.Context, args []string) error {
				return changed(kit, args[0], deleted, kit.DeleteProfile(ctx, args[0]))
			}),
		},
	)
	return cmd
}

func listProfiles(kit *clikit.Kit) error {
	all, err := kit.Profiles()
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, p := range all {
		mark := " "
		if p.Current {
			mark = "*"
		}
		fmt.Fprintln(&b, strings.TrimRight(strings.Join([]string{mark, p.Name, p.Env, p.Account, p.BaseURL}, "\t"), "\t"))
	}
	return kit.Answer(all, b.String())
}

// changed reports the change of a profile.
func changed(kit *clikit.Kit, name string, said bilingual.Text, err error) error {
	if err != nil {
		return err
	}
	kit.Say(said.In(kit.Language(), name))
	return kit.Answer(map[string]string{"profile": name}, "")
}
