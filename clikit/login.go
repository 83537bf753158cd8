package clikit

import (
	"context"
	"errors"
	"strings"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
)

// LoginOptions choose the way to sign in and the sources of the answers. The zero value asks for a phone number or an email
// address.
type LoginOptions struct {
	// Set at most one of these, for the way to sign in: a code to Phone or Email; the password of User, which is a user
	// name, a phone number or an email address; another Device (RFC 8628); or the WeChat mini program with this app id.
	Phone, Email, User string
	Device             bool
	MiniProgram        string

	// NoSignUp refuses users who are not registered. By default a code registers them.
	NoSignUp bool

	// These answers are read as lines of standard input, in the order in which they are needed.
	CodeFromStdin, PasswordFromStdin, CaptchaFromStdin bool

	// PictureFile is the file for pictures such as captchas, in the form in which the server sends them.
	PictureFile string
}

// Login is the result of signing in.
type Login struct {
	Profile string `json:"profile"`
	Env     string `json:"env"`
	Sub     string `json:"sub"`
	Account string `json:"account,omitempty"` // a name, or a phone number or an address in part
	Store   Where  `json:"store"`
}

// Login signs a user in with the profile, replacing an existing session, and stores the environment, the server and the
// store in the profile. In a terminal it asks for missing answers, lets the user correct a mistyped code or password, and
// draws captchas. If the server limits the rate, it waits with a countdown and then asks the user whether to send another
// code. Outside a terminal each of these is an error at once.
func (k *Kit) Login(ctx context.Context, o LoginOptions) (*Login, error) {
	if err := k.check(o); err != nil {
		return nil, err
	}
	s, err := k.openForLogin(ctx, &o)
	if err != nil {
		return nil, err
	}
	var state *tcbauth.LoginState
	switch {
	case o.Device:
		state, err = k.loginOnDevice(ctx, s)
	case o.MiniProgram != "":
		state, err = k.loginByMiniProgram(ctx, s, o)
	case o.User != "":
		state, err = k.loginByPassword(ctx, s, o)
	default:
		state, err = k.loginByCode(ctx, s, o)
	}
	if err != nil {
		return nil, k.captchaForLater(ctx, s, o, err)
	}
	return k.remember(ctx, s, state)
}

// check refuses options that contradict each other.
func (k *Kit) check(o LoginOptions) error {
	ways := 0
	for _, given := range []bool{o.Phone != "", o.Email != "", o.User != "", o.Device, o.MiniProgram != ""} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		return k.misuse(oneWay)
	case o.PasswordFromStdin && o.User == "":
		return k.misuse(passwordNeedsUser)
	case o.Phone != "":
		_, err := tcbauth.NormalizePhone(o.Phone)
		return err
	}
	return nil
}

// openForLogin asks where and as whom to sign in, if that is not known, and opens the store. It makes sure that a session and
// its profile can be kept.
func (k *Kit) openForLogin(ctx context.Context, o *LoginOptions) (*opened, error) {
	set, err := k.Settings()
	if err != nil {
		return nil, err
	}
	if set.Env.Value == "" {
		env, err := k.lineOf(ctx, AskEnv)
		if err != nil {
			return nil, err
		}
		set.Env = Setting{Value: env} // the user knows where it comes from
	}
	if err := k.askAccount(ctx, o); err != nil {
		return nil, err
	}
	var opts []tcbauth.Option
	if solver := k.captchaSolver(*o); solver != nil {
		opts = append(opts, tcbauth.WithCaptchaSolver(solver))
	}
	s, err := k.open(ctx, set, opts...)
	if err != nil {
		return nil, err
	}
	if err := writable(ctx, s); err != nil {
		return nil, err
	}
	if err := k.canWriteProfile(); err != nil {
		return nil, err
	}
	if err := forgetDamaged(ctx, s); err != nil {
		return nil, err
	}
	return s, k.answerCaptcha(ctx, s, *o)
}

// forgetDamaged removes a damaged session, whose place the new one takes: calls of a sign-in look at it first.
func forgetDamaged(ctx context.Context, s *opened) error {
	_, err := s.auth.HasLoginState(ctx)
	if damaged(err) {
		return s.auth.SetCredentials(ctx, nil)
	}
	return err
}

// askAccount asks for a phone number or an email address unless the options say how to sign in.
func (k *Kit) askAccount(ctx context.Context, o *LoginOptions) error {
	if o.Phone != "" || o.Email != "" || o.User != "" || o.Device || o.MiniProgram != "" {
		return nil
	}
	for {
		answer, err := k.lineOf(ctx, AskAccount)
		if err != nil {
			return err
		}
		if strings.Contains(answer, "@") {
			o.Email = answer
			return nil
		}
		if _, err = tcbauth.NormalizePhone(answer); err == nil {
			o.Phone = answer
			return nil
		}
		k.Say(Message(err, k.Language()))
	}
}

// remember stores the sign-in in the profile. A challenge that was still open has ended.
func (k *Kit) remember(ctx context.Context, s *opened, state *tcbauth.LoginState) (*Login, error) {
	done := &Login{
		Profile: s.set.Profile.Value, Env: s.set.Env.Value, Sub: state.User.Sub, Account: AccountOf(state.User), Store: s.where,
	}
	err := k.writeProfile(&Profile{
		Name: done.Profile, Env: done.Env, Region: s.set.Region.Value, BaseURL: s.set.BaseURL.Value, Store: s.where.Kind, Account: done.Account,
	})
	if err = errors.Join(err, k.dropPending(ctx, s)); err != nil {
		return nil, err
	}
	k.tell(signedIn, done.name(), done.Profile, done.Env)
	k.tell(sessionLiesIn, done.Store.Kind, done.Store.Dir)
	return done, nil
}

func (l *Login) name() string {
	if l.Account != "" {
		return l.Account
	}
	return l.Sub
}

// AccountOf returns a name for a user that can be shown in a terminal: the user name, a part of the phone number or email
// address, or else the name.
func AccountOf(u *tcbauth.User) string {
	account := u.Name
	switch {
	case u.Username != "":
		account = u.Username
	case u.PhoneNumber != "":
		account = mask(u.PhoneNumber)
	case u.Email != "":
		account = mask(u.Email)
	}
	return console.Printable(account)
}

// mask shortens a phone number or an address so that its owner still recognizes it.
func mask(address string) string {
	if name, host, ok := strings.Cut(address, "@"); ok {
		return firstRunes(name, 1) + "***@" + host
	}
	const head, tail = 7, 2 // "+86 138", and the last two
	if len(address) < head+tail+2 {
		return "***"
	}
	return address[:head] + "****" + address[len(address)-tail:]
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// isWrongCode reports whether the user may have mistyped the code and can type it again.
func isWrongCode(err error) bool {
	return !errors.Is(err, tcbauth.CodeAborted) && (errors.Is(err, tcbauth.ErrVerificationFailed) ||
		errors.Is(err, tcbauth.CodeInvalidVerificationCode) || as[*tcbauth.ValidationError](err))
}
