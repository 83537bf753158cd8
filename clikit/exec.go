package clikit

import (
	"context"

	"github.com/cloudbase-community/tcbauth/clikit/internal/run"
)

// TokenVariable is the environment variable in which commands find an access token.
const TokenVariable = "CLOUDBASE_ACCESS_TOKEN"

// Exec runs a command with an access token in [TokenVariable]. On Unix the command replaces the process, elsewhere it is a
// child process. Its exit code is returned as an [ExitStatus]. If the command cannot be found, the error is a
// *[UsageError]. The token is not refreshed while the command runs.
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
