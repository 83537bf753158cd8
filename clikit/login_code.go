package clikit

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// coded is a sign-in by a code that was sent to an address.
type coded struct {
	phone, email string
	info         *tcbauth.VerificationInfo
	noSignUp     bool
}

func (c *coded) to() string {
	if c.phone != "" {
		return mask(c.phone)
	}
	return mask(c.email)
}

// send has a code sent. If that fails, an earlier code is still good.
func (c *coded) send(ctx context.Context, auth *tcbauth.Auth) error {
	info, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: c.phone, Email: c.email})
	if err == nil {
		c.info = info
	}
	return err
}

// finish signs in with the code.
func (c *coded) finish(ctx context.Context, auth *tcbauth.Auth, code string) (*tcbauth.LoginState, error) {
	create := !c.noSignUp
	if c.phone != "" {
		return auth.SignInWithSms(ctx, tcbauth.SignInWithSmsRequest{
			VerificationInfo: c.info, VerificationCode: code, PhoneNum: c.phone, ShouldCreateUser: &create,
		})
	}
	return auth.SignInWithEmail(ctx, tcbauth.SignInWithEmailRequest{
		VerificationInfo: c.info, VerificationCode: code, Email: c.email, ShouldCreateUser: &create,
	})
}

// newCoded reads the options of a sign-in by code.
func newCoded(o LoginOptions) (*coded, error) {
	c := &coded{email: o.Email, noSignUp: o.NoSignUp}
	if o.Phone == "" {
		return c, nil
	}
	phone, err := tcbauth.NormalizePhone(o.Phone)
	c.phone = phone
	return c, err
}

// loginByCode has a code sent and signs in with it.
func (k *Kit) loginByCode(ctx context.Context, s *opened, o LoginOptions) (*tcbauth.LoginState, error) {
	c, err := newCoded(o)
	if err != nil {
		return nil, err
	}
	if !o.CodeFromStdin && !k.ask().CanAsk() {
		return nil, missing(AskCode) // before it is paid for
	}
	if err := k.sendCode(ctx, s, c); err != nil {
		return nil, err
	}
	if o.CodeFromStdin {
		code, err := k.stdinOf(ctx, AskCode)
		if err != nil {
			return nil, err
		}
		return c.finish(ctx, s.auth, code)
	}
	return k.askCode(ctx, s, c)
}

// resendAfter is the time after which a user may ask for another code: the server sends one a minute to an address.
const resendAfter = time.Minute

// askCode asks the user for the code, again after a mistake, and sends another one on request.
func (k *Kit) askCode(ctx context.Context, s *opened, c *coded) (*tcbauth.LoginState, error) {
	again := k.cfg.Now().Add(resendAfter)
	for {
		answer, err := k.ask().LineOrWait(ctx, AskCode.text().In(k.Language()), again, k.untilResend)
		switch answer = strings.TrimSpace(answer); {
		case err != nil:
			return nil, unanswered(AskCode, err)
		case answer == "":
			continue
		case strings.EqualFold(answer, resendAnswer):
			if left := again.Sub(k.cfg.Now()); left > 0 {
				k.Say(k.untilResend(left))
				continue
			}
			switch err := k.sendCode(ctx, s, c); {
			case err == nil:
				again = k.cfg.Now().Add(resendAfter)
			case ExitCode(err) == ExitRateLimited: // the code that there is may still come
				k.Say(Message(err, k.Language()))
			default:
				return nil, err
			}
			continue
		}
		state, err := c.finish(ctx, s.auth, answer)
		switch {
		case isWrongCode(err):
			k.Say(Message(err, k.Language()))
		case errors.Is(err, tcbauth.CodeAborted): // this code is dead
			k.Say(Message(err, k.Language()))
			if err := k.goOn(ctx, sendAnother, err); err != nil {
				return nil, err
			}
			if err := k.sendCode(ctx, s, c); err != nil {
				return nil, err
			}
			again = k.cfg.Now().Add(resendAfter)
		default:
			return state, err
		}
	}
}

// sendCode has a code sent. In a terminal it waits for the end of a rate limit, and then asks whether to send it.
func (k *Kit) sendCode(ctx context.Context, s *opened, c *coded) error {
	for {
		err := c.send(ctx, s.auth)
		if err == nil {
			k.tell(codeSent, c.to())
			return nil
		}
		wait := retryAfter(err)
		if !errors.Is(err, tcbauth.ErrRateLimited) || wait <= 0 || !k.ask().CanAsk() {
			return err
		}
		k.Say(Message(err, k.Language()))
		if err := k.ask().Countdown(ctx, k.cfg.Now().Add(wait), k.untilSend); err != nil {
			return overdue(err)
		}
		if err := k.goOn(ctx, sendNow, err); err != nil {
			return err
		}
	}
}

func (k *Kit) untilResend(left time.Duration) string {
	if left <= 0 {
		return canResend.In(k.Language(), resendAnswer)
	}
	return resendIn.In(k.Language(), resendAnswer, seconds(left))
}

func (k *Kit) untilSend(left time.Duration) string { return sendIn.In(k.Language(), seconds(left)) }

// seconds rounds up: nothing is allowed in the second in which a limit ends.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
