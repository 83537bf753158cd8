package clikit

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

var (
	errNoChallenge   = errors.New("clikit: no sign-in was started")
	errChallengeOver = errors.New("clikit: the code is too old")
)

// Challenge is a sign-in of two steps, of which the first was taken: a code is on its way.
type Challenge struct {
	Profile   string    `json:"profile"`
	To        string    `json:"to"` // in part
	ExpiresAt time.Time `json:"expires_at"`
}

// StartLogin sends a code to the Phone or Email of the options, and keeps the challenge in the store of sessions, private
// to the user. [Kit.FinishLogin], in this process or a later one, signs in with the code. Calling StartLogin again sends
// another code, which invalidates the first. The profile does not change until FinishLogin. If a user has already signed in
// with the profile, and other settings were given here, such as --env or --store, FinishLogin needs them again.
func (k *Kit) StartLogin(ctx context.Context, o LoginOptions) (*Challenge, error) {
	if err := k.check(o); err != nil {
		return nil, err
	}
	if o.User != "" || o.Device || o.MiniProgram != "" || o.CodeFromStdin {
		return nil, k.misuse(startByCode)
	}
	s, err := k.openForLogin(ctx, &o)
	if err != nil {
		return nil, err
	}
	c, err := newCoded(o)
	if err != nil {
		return nil, err
	}
	if err := c.send(ctx, s.auth); err != nil {
		return nil, k.captchaForLater(ctx, s, o, err)
	}
	p := &pending{
		Env: s.set.Env.Value, BaseURL: s.set.BaseURL.Value, Region: s.set.Region.Value, Phone: c.phone, Email: c.email, NoSignUp: c.noSignUp, Info: c.info,
		Until: k.cfg.Now().Add(lifetime(c.info.ExpiresIn)),
	}
	if err := k.keepPending(ctx, s, p); err != nil {
		return nil, err
	}
	// The profile is where the second step finds the store.
	if err := k.rememberStore(s); err != nil {
		return nil, err
	}
	k.tell(codeSent, c.to())
	k.tell(finishWith, command([]string{k.cfg.App, "login", "--finish", AskCode.flags()}, s.set.flags()))
	return &Challenge{Profile: s.set.Profile.Value, To: c.to(), ExpiresAt: p.Until.UTC().Truncate(time.Second)}, nil
}

// FinishLogin signs in with the code of a challenge. If code is "", it asks the user in a terminal. After a wrong code it
// can be called again, as often as the server allows. It deletes the challenge when it was used or has ended. If there is
// no challenge, it returns an error. The way to sign in is that of StartLogin. NoSignUp counts if either step has set it.
func (k *Kit) FinishLogin(ctx context.Context, code string, o LoginOptions) (*Login, error) {
	if err := k.check(o); err != nil {
		return nil, err
	}
	set, err := k.Settings()
	if err != nil {
		return nil, err
	}
	if set.Env.Value == "" || !set.storeChosen() {
		return nil, errNoChallenge
	}
	var opts []tcbauth.Option
	if solver := k.captchaSolver(o); solver != nil {
		opts = append(opts, tcbauth.WithCaptchaSolver(solver))
	}
	s, err := k.open(ctx, set, opts...)
	if err != nil {
		return nil, err
	}
	p, err := k.pending(ctx, s)
	switch {
	case err != nil:
		return nil, err
	case p.Info == nil:
		return nil, errNoChallenge
	case !k.cfg.Now().Before(p.Until):
		return nil, errors.Join(errChallengeOver, k.dropPending(ctx, s))
	}
	if err := k.answerCaptcha(ctx, s, o); err != nil {
		return nil, err
	}
	if o.CodeFromStdin {
		if code, err = k.stdinOf(ctx, AskCode); err != nil {
			return nil, err
		}
	}
	if code == "" && !k.ask().CanAsk() {
		return nil, &NeedsPerson{What: AskCode, Flag: AskCode.flags() + ", --code"}
	}
	if code == "" {
		if code, err = k.lineOf(ctx, AskCode); err != nil {
			return nil, err
		}
	}
	c := &coded{phone: p.Phone, email: p.Email, info: p.Info, noSignUp: p.NoSignUp || o.NoSignUp}
	state, err := c.finish(ctx, s.auth, code)
	if errors.Is(err, tcbauth.CodeAborted) {
		return nil, errors.Join(err, k.dropPending(ctx, s))
	}
	if err != nil {
		return nil, k.captchaForLater(ctx, s, o, err)
	}
	return k.remember(ctx, s, state)
}

// lifetime is how long a code or a picture can be used: 10 minutes if the server does not say.
func lifetime(seconds int) time.Duration {
	if seconds <= 0 {
		seconds = 600
	}
	return time.Duration(seconds) * time.Second
}

// rememberStore stores in a profile without a store where a later command finds it. It does not change the store of a
// profile that a user has signed in with.
func (k *Kit) rememberStore(s *opened) error {
	p, err := k.readProfile(s.set.Profile.Value)
	if err != nil {
		return err
	}
	if p.Store != "" {
		return nil
	}
	p.Env, p.Region, p.BaseURL, p.Store = s.set.Env.Value, s.set.Region.Value, s.set.BaseURL.Value, s.where.Kind
	return k.writeProfile(p)
}

// pending is an unfinished sign-in that a later process continues. It holds secrets and is never printed.
type pending struct {
	Env      string                    `json:"env"`
	Region   string                    `json:"region,omitempty"`
	BaseURL  string                    `json:"base_url,omitempty"`
	Phone    string                    `json:"phone,omitempty"`
	Email    string                    `json:"email,omitempty"`
	NoSignUp bool                      `json:"no_sign_up,omitempty"`
	Info     *tcbauth.VerificationInfo `json:"info,omitempty"` // nil: no code is on its way
	Until    time.Time                 `json:"until,omitzero"` // the end of the code

	Captcha captcha `json:"captcha,omitzero"` // a picture that nobody has read yet
}

// captcha is a picture that was left for another run.
type captcha struct {
	Token string    `json:"token"`
	State string    `json:"state"`          // which call needs it
	File  string    `json:"file,omitempty"` // the tool's own file, which the answer removes; "" if the user has named one
	Until time.Time `json:"until"`
}

func pendingKey(s *opened) string { return "clikit/login/" + s.set.Profile.Value }

// pending returns the unfinished sign-in for this profile's environment. One of another environment, or one that has ended,
// counts as absent.
func (k *Kit) pending(ctx context.Context, s *opened) (*pending, error) {
	mine := &pending{Env: s.set.Env.Value, Region: s.set.Region.Value, BaseURL: s.set.BaseURL.Value}
	text, err := s.store.Get(ctx, pendingKey(s))
	if errors.Is(err, tcbauth.ErrNotFound) {
		return mine, nil
	}
	if err != nil {
		return nil, &StorageError{Path: s.where.Dir, Err: err}
	}
	var p pending
	if json.Unmarshal(text, &p) != nil || p.Env != mine.Env || p.Region != mine.Region || p.BaseURL != mine.BaseURL {
		return mine, nil
	}
	if !k.cfg.Now().Before(p.Captcha.Until) {
		p.Captcha = captcha{}
	}
	return &p, nil
}

func (k *Kit) keepPending(ctx context.Context, s *opened, p *pending) error {
	if p.Info == nil && p.Captcha.Token == "" {
		return k.dropPending(ctx, s)
	}
	text, err := json.Marshal(p)
	if err == nil {
		err = s.store.Set(ctx, pendingKey(s), text, 0)
	}
	if err != nil {
		return &StorageError{Path: s.where.Dir, Err: err}
	}
	return nil
}

func (k *Kit) dropPending(ctx context.Context, s *opened) error {
	if err := s.store.Delete(ctx, pendingKey(s)); err != nil {
		return &StorageError{Path: s.where.Dir, Err: err}
	}
	return nil
}
