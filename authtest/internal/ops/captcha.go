package ops

import (
	"encoding/base64"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/captcha"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// beginCaptcha is POST captcha/init (WIRE.md section 7.9). Old versions of the js-sdk send it before every code, and put the
// captcha_token of the answer into the next request. This one stands for no captcha that was solved: a call that needs a captcha
// refuses it. The other answer, with the URL of a page, is not known well enough to serve such a page.
func beginCaptcha(_ *service.Service, c *call) (any, *refusal.Error) {
	if _, refused := c.fields("state", "redirect_uri"); refused != nil {
		return nil, refused
	}
	return captchaToken(service.NewCaptchaToken()), nil
}

func captchaToken(token string) map[string]any {
	return map[string]any{"captcha_token": token, "expires_in": int(service.CaptchaLifetime / time.Second)}
}

// showCaptcha is POST captcha/data (WIRE.md section 7.9).
func showCaptcha(s *service.Service, c *call) (any, *refusal.Error) {
	if _, refused := c.fields("state", "redirect_uri"); refused != nil {
		return nil, refused
	}
	p := s.Captchas.Show()
	return map[string]any{
		"data":       "data:image/png;base64," + base64.StdEncoding.EncodeToString(captcha.Draw(p.Answer)),
		"type":       "image",
		"token":      p.Token,
		"expires_in": int(service.PictureLifetime / time.Second),
	}, nil
}

// solveCaptcha is POST captcha/data/verify: a picture is good for one try, and case does not matter. Both are guesses. The
// word for a wrong answer is one that the js-sdk's dialogue can live with: after captcha_invalid it would open a second one.
func solveCaptcha(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("token", "key")
	if refused != nil {
		return nil, refused
	}
	if in["token"] == "" || in["key"] == "" {
		return nil, refusal.InvalidArgument("token and key are required")
	}
	p := s.Captchas.Picture(in["token"])
	if p == nil {
		return nil, refusal.InvalidArgument("the picture is too old, or was tried before")
	}
	token, ok := s.Captchas.Try(p, in["key"])
	if !ok {
		return nil, refusal.InvalidArgument("the answer is wrong")
	}
	return captchaToken(token), nil
}

func captchaInvalid(description string) *refusal.Error {
	return &refusal.Error{Code: "captcha_invalid", Number: 4002, Description: description}
}

// needCaptcha refuses a call without a captcha_token that is good, in the query as the js-sdk sends it or in a header as
// documented. A token is good for any number of calls until it expires (WIRE.md section 7.9).
func needCaptcha(s *service.Service, c *call) *refusal.Error {
	token := c.request.URL.Query().Get("captcha_token")
	if token == "" {
		token = c.request.Header.Get("X-Captcha-Token")
	}
	if token == "" {
		return &refusal.Error{Code: "captcha_required", Number: 4001, Description: "captcha_token required"}
	}
	if !s.Captchas.Good(token) {
		return captchaInvalid("captcha_token is invalid or expired")
	}
	return nil
}
