package cobrakit

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
	"github.com/cloudbase-community/tcbauth/internal/bilingual"
)

func statusCommand(kit *clikit.Kit) *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use: "status", Short: statusShort.In(kit.Language()), Args: Args(kit, 0, 0),
		RunE: Run(kit, func(ctx context.Context, _ []string) error {
			st, err := kit.Status(ctx, check)
			if st == nil {
				return err
			}
			if printed := kit.Answer(st, statusText(st, kit.Language())); printed != nil {
				return printed
			}
			return err
		}),
	}
	cmd.Flags().BoolVar(&check, "check", false, flagCheck.In(kit.Language()))
	return cmd
}

// statusText is a status for a terminal.
func statusText(st *clikit.Status, language string) string {
	var b strings.Builder
	line := func(name bilingual.Text, value, source string) {
		if value == "" {
			value = isNone.In(language)
		}
		if source != "" {
			value += " (" + sourceText(source, language) + ")"
		}
		fmt.Fprintf(&b, "%s: %s\n", name.In(language), console.Printable(value))
	}
	who := isNobody.In(language)
	if st.SignedIn {
		who = strings.TrimSpace(st.Account + " " + st.Sub)
	}
	line(lineUser, who, "")
	line(lineProfile, st.Profile.Value, st.Profile.Source)
	line(lineEnv, st.Env.Value, st.Env.Source)
	server := st.BaseURL.Source
	if st.BaseURL.Value == "" {
		server = st.Region.Source // CloudBase's own, of the region
	}
	line(lineServer, st.Server, server)
	place := st.Store.Value
	if st.Where != nil {
		place = st.Where.Kind + ", " + st.Where.Dir
	}
	line(lineStore, place, st.Store.Source)
	if st.ExpiresAt != nil {
		line(lineToken, st.ExpiresAt.Local().Format(time.RFC3339), "")
	}
	if st.Checked {
		line(lineCheck, isKnown.In(language), "")
	}
	return b.String()
}

// sourceText is the source of a setting: the name of a flag or of a variable as it is, or a word in the language.
func sourceText(source, language string) string {
	switch source {
	case clikit.FromProfile:
		return fromProfile.In(language)
	case clikit.FromDefault:
		return fromDefault.In(language)
	}
	return source
}

func whoamiCommand(kit *clikit.Kit) *cobra.Command {
	return &cobra.Command{
		Use: "whoami", Short: whoamiShort.In(kit.Language()), Args: Args(kit, 0, 0),
		RunE: Run(kit, func(ctx context.Context, _ []string) error {
			auth, err := kit.Auth(ctx)
			if err != nil {
				return err
			}
			user, err := auth.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
			if err != nil {
				return err
			}
			return kit.Answer(user, console.Printable(strings.TrimSpace(clikit.AccountOf(user)+" "+user.Sub))+"\n")
		}),
	}
}
