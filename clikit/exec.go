package clikit

import (
	"context"

	"github.com/cloudbase-community/tcbauth/clikit/internal/run"
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
	code, err := run.Command(command, TokenVariable+"="+c.AccessToken)
	if err != nil {
		return &UsageError{Err: err}
	}
	return ExitStatus(code)
}
