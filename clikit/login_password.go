package clikit

import (
	"context"
	"errors"

	"github.com/cloudbase-community/tcbauth"
)

// passwordTries is how often a user may mistype a password: the server locks an account after five wrong ones in a row.
const passwordTries = 3

// loginByPassword signs in with a password, which the user may correct.
func (k *Kit) loginByPassword(ctx context.Context, s *opened, o LoginOptions) (*tcbauth.LoginState, error) {
	user := o.User
	if phone, err := tcbauth.NormalizePhone(user); err == nil {
		user = phone
	}
	ask := k.hiddenOf
	if o.PasswordFromStdin {
		ask = k.stdinOf
	}
	for try := 1; ; try++ {
		password, err := ask(ctx, AskPassword)
		if err != nil {
			return nil, err
		}
		state, err := s.auth.SignIn(ctx, tcbauth.SignInRequest{Username: user, Password: password})
		if o.PasswordFromStdin || try == passwordTries || !errors.Is(err, tcbauth.CodeInvalidUsernameOrPassword) {
			return state, err
		}
		k.Say(Message(err, k.Language()))
	}
}
