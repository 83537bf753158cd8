package cobrakit

import (
	"context"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit"
)

func tokenCommand(kit *clikit.Kit) *cobra.Command {
	var o clikit.TokenOptions
	var format string
	language := kit.Language()
	cmd := &cobra.Command{
		Use: "token", Short: tokenShort.In(language), Args: Args(kit, 0, 0),
		RunE: Run(kit, func(ctx context.Context, _ []string) error {
			write, ok := tokenFormats[format]
			if kit.Flags.JSON && format != "exec" { // which is JSON already
				write = tokenFormats["json"]
			}
			switch {
			case !ok:
				return misuse(kit, badFormat)
			case o.MinTTL < 0:
				return misuse(kit, notTime, "--min-ttl")
			}
			c, err := kit.Token(ctx, o)
			if err != nil {
				return err
			}
			return write(kit, c)
		}),
	}
	cmd.Flags().DurationVar(&o.MinTTL, "min-ttl", 0, flagMinTTL.In(language))
	cmd.Flags().BoolVar(&o.Force, "force", false, flagForce.In(language))
	cmd.Flags().StringVar(&format, "format", "text", flagFormat.In(language))
	return cmd
}

// tokenFormats write an access token to standard output.
var tokenFormats = map[string]func(*clikit.Kit, *tcbauth.Credentials) error{
	"text": func(kit *clikit.Kit, c *tcbauth.Credentials) error { return kit.Print(c.AccessToken + "\n") },
	"header": func(kit *clikit.Kit, c *tcbauth.Credentials) error {
		return kit.Print("Authorization: Bearer " + c.AccessToken + "\n")
	},
	"env": func(kit *clikit.Kit, c *tcbauth.Credentials) error {
		return kit.Print(clikit.TokenVariable + "=" + c.AccessToken + "\n")
	},
	"json": func(kit *clikit.Kit, c *tcbauth.Credentials) error {
		set, err := kit.Settings()
		if err != nil {
			return err
		}
		return printJSON(kit, map[string]any{
			"access_token": c.AccessToken, "token_type": "Bearer", "expires_at": expiry(c), "env": set.Env.Value, "sub": c.Sub,
		})
	},
	"exec": func(kit *clikit.Kit, c *tcbauth.Credentials) error {
		return printJSON(kit, map[string]any{
			"apiVersion": execVersion(kit.Getenv("KUBERNETES_EXEC_INFO")), "kind": "ExecCredential",
			"status": map[string]any{"token": c.AccessToken, "expirationTimestamp": expiry(c)},
		})
	},
}

func expiry(c *tcbauth.Credentials) string { return c.ExpiresAt.UTC().Format(time.RFC3339) }

func printJSON(kit *clikit.Kit, value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return kit.Print(string(line) + "\n")
}

// execVersion is the version of ExecCredential that kubectl asks for in this variable; v1 where it does not.
func execVersion(info string) string {
	const group = "client.authentication.k8s.io/"
	var asked struct {
		APIVersion string `json:"apiVersion"`
	}
	if json.Unmarshal([]byte(info), &asked) == nil && asked.APIVersion == group+"v1beta1" {
		return asked.APIVersion
	}
	return group + "v1"
}
