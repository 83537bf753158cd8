package clikit

import (
	"context"
	"os"
	"strings"
)

// TokenVariable is the environment variable in which commands find an access token.
const TokenVariable = "CLOUDBASE_ACCESS_TOKEN"

// Exec runs a command with an access token in [TokenVariable], in place of the process on Unix, and elsewhere as a child. Its exit
// code is an [ExitStatus]. A command that cannot be found is a *[UsageError]. The token is not refreshed while the command
// runs.
func (k *Kit) Exec(ctx context.Context, command []string) error {
	c, err := k.Token(ctx, TokenOptions{})
	if err != nil {
		return err
	}
	env := make([]string, 0, len(os.Environ())+1)
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, TokenVariable+"=") {
			env = append(env, variable)
		}
	}
	return run(ctx, command, append(env, TokenVariable+"="+c.AccessToken))
}
