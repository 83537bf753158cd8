package session

import (
	"context"
	"encoding/json"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/lenient"
)

// captchaJSON is a captcha token as the js-sdk stores it.
type captchaJSON struct {
	CaptchaToken string       `json:"captcha_token"`
	ExpiresIn    lenient.Int  `json:"expires_in"`
	ExpiresAt    lenient.Time `json:"expires_at,omitzero"`
}

// captchaMargin is how long before its end a captcha token is no longer used, as in the js-sdk.
const captchaMargin = 10 * time.Second

// KeepCaptcha stores a captcha token for as long as it lives, unless that is over before it could be used.
func (h *Handle) KeepCaptcha(ctx context.Context, token string, life time.Duration) error {
	if life <= captchaMargin {
		return nil
	}
	data, err := json.Marshal(captchaJSON{
		CaptchaToken: token, ExpiresIn: lenient.Int(life / time.Second),
		ExpiresAt: lenient.Time(h.now().Add(life - captchaMargin)),
	})
	if err == nil {
		err = h.keeper.store.set(ctx, h.keys.captcha(), data, life)
	}
	if err != nil {
		return &StoreError{"storing the captcha token", err}
	}
	return nil
}

// Captcha returns the captcha token at hand, "" if there is none that may be used. A store that fails has none: the server
// then asks for a captcha.
func (h *Handle) Captcha(ctx context.Context) string {
	stored, err := h.keeper.store.get(ctx, h.keys.captcha())
	var kept captchaJSON
	if err != nil || json.Unmarshal([]byte(stored.text), &kept) != nil || h.now().After(time.Time(kept.ExpiresAt)) {
		return ""
	}
	return kept.CaptchaToken
}

// DropCaptcha deletes a captcha token that the server has refused.
func (h *Handle) DropCaptcha(ctx context.Context) {
	if err := h.keeper.store.delete(ctx, h.keys.captcha()); err != nil {
		h.keeper.warn(ctx, "a refused captcha token could not be deleted", &StoreError{"deleting the captcha token", err})
	}
}

// CaptchaTurn waits until no other call of this App earns a captcha token for the session. It returns the error of ctx.
func (h *Handle) CaptchaTurn(ctx context.Context) (done func(), err error) {
	return h.keeper.locks.Lock(ctx, h.keys.captcha())
}
