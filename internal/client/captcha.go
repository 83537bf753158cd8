package client

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/cloudbase-community/tcbauth/internal/advice"
	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// CaptchaPath is where captchas come from, and CaptchaPath + "/verify" where they are answered.
const CaptchaPath = "v1/captcha/data"

// The server's error codes about a captcha.
const (
	captchaRequired = "captcha_required"
	captchaInvalid  = "captcha_invalid"
)

const captchaQuery = "captcha_token"

// captchaAfter returns a captcha token for req, if err says that req was refused for want of one, else "". A token that the
// server refuses is not used again.
func (c *Client) captchaAfter(ctx context.Context, req *wire.Request, err error) (token string, fresh bool, failed error) {
	f, ok := errors.AsType[*wire.Failure](err)
	if !ok || strings.HasPrefix(req.Path, CaptchaPath) {
		return "", false, nil
	}
	refused := req.Query.Get(captchaQuery)
	switch f.Code {
	case captchaRequired:
	case captchaInvalid:
		if c.storedCaptcha(ctx) == refused && c.answers != nil {
			c.answers.DropCaptcha(ctx)
		}
	default:
		return "", false, nil
	}
	return c.captchaToken(ctx, req, refused)
}

// WithCaptcha puts a captcha token on req before it is sent, if there is one to be had. Its errors are those of [Call].
func (c *Client) WithCaptcha(ctx context.Context, req *wire.Request) error {
	token, _, err := c.captchaToken(ctx, req, "")
	if err == nil && token != "" {
		setCaptcha(req, token)
	}
	return err
}

func setCaptcha(req *wire.Request, token string) {
	query := url.Values{captchaQuery: {token}}
	for name, values := range req.Query {
		if name != captchaQuery {
			query[name] = values
		}
	}
	req.Query = query
}

func (c *Client) storedCaptcha(ctx context.Context) string {
	if c.answers == nil {
		return ""
	}
	return c.answers.Captcha(ctx)
}

// captchaToken returns a captcha token other than the refused one: the stored one, or a fresh one that the solver earns. ""
// means that there is none to be had.
func (c *Client) captchaToken(ctx context.Context, req *wire.Request, refused string) (token string, fresh bool, err error) {
	if token := c.storedCaptcha(ctx); token != "" && token != refused {
		return token, false, nil
	}
	if c.cfg.Solve == nil {
		return "", false, nil
	}
	if c.answers != nil { // one captcha serves all calls of a session
		done, err := c.answers.CaptchaTurn(ctx)
		if err != nil {
			return "", false, &session.InterruptedError{Err: err}
		}
		defer done()
		if token := c.storedCaptcha(ctx); token != "" && token != refused {
			return token, false, nil
		}
	}
	token, err = c.earnCaptcha(ctx, req)
	return token, true, err
}

// maxPictures is how many captchas the solver is shown for one call.
const maxPictures = 3

// earnCaptcha lets the solver answer captchas for req, a new one after each wrong answer. After the last one it fails with the
// server's refusal.
func (c *Client) earnCaptcha(ctx context.Context, req *wire.Request) (string, error) {
	for pictures := 1; ; pictures++ {
		token, answer, err := c.solveCaptcha(ctx, req)
		if err != nil {
			return "", err
		}
		out, err := sent[CaptchaAnswer](ctx, c, &wire.Request{
			Op: req.Op, Method: http.MethodPost, Path: CaptchaPath + "/verify", Body: struct {
				Token string `json:"token"`
				Key   string `json:"key"`
			}{token, answer},
		})
		if refusal := refusedAnswer(err); refusal != nil {
			if pictures < maxPictures {
				continue
			}
			return "", refusal
		}
		if err != nil {
			return "", err
		}
		if out.CaptchaToken == "" {
			return "", req.Incomplete("captcha_token")
		}
		if err := c.KeepCaptcha(ctx, out); err != nil {
			c.cfg.Warn(ctx, "a captcha token could not be stored", err)
		}
		return out.CaptchaToken, nil
	}
}

// solveCaptcha lets the solver answer a new captcha for req, whose token it returns.
func (c *Client) solveCaptcha(ctx context.Context, req *wire.Request) (token, answer string, err error) {
	state := req.Method + ":/" + req.Path
	data, err := sent[captchaData](ctx, c, &wire.Request{
		Op: req.Op, Method: http.MethodPost, Path: CaptchaPath,
		// The js-sdk sends an empty redirect_uri here, and none for its callers.
		Body: struct {
			State       string `json:"state"`
			RedirectURI string `json:"redirect_uri"`
		}{State: state},
	})
	if err != nil {
		return "", "", err
	}
	picture, mediaType, err := data.picture(req)
	if err != nil {
		return "", "", err
	}
	answer, err = c.cfg.Solve(ctx, Captcha{Image: picture, MediaType: mediaType, State: state})
	if err != nil {
		return "", "", &CallbackError{Name: "the captcha solver", Err: err}
	}
	return data.Token, answer, nil
}

// refusedAnswer returns the failure of an answer to a captcha that the server has judged to be wrong, always with the same
// error code. Which code the server uses is not known (WIRE.md 7.9), so every code counts that is about neither the service
// nor the client. nil: the answer was not judged.
func refusedAnswer(err error) *wire.Failure {
	f, ok := errors.AsType[*wire.Failure](err)
	if !ok || f.Err != nil {
		return nil
	}
	m := f.Meaning()
	switch m.Category {
	case advice.ServiceError, advice.RateLimited, advice.ProviderNotEnabled:
		return nil
	}
	if m.Tokens != 0 {
		return nil
	}
	refusal := *f
	refusal.Code, refusal.Number = captchaInvalid, 0
	return &refusal
}

// captchaData is a captcha as the server sends it.
type captchaData struct {
	Token string `json:"token"`
	Data  string `json:"data"` // a data: URL of RFC 2397
}

// picture decodes Data.
func (d *captchaData) picture(req *wire.Request) (data []byte, mediaType string, err error) {
	head, body, found := strings.Cut(d.Data, ",")
	mediaType, isBase64 := strings.CutSuffix(strings.TrimPrefix(head, "data:"), ";base64")
	switch {
	case d.Token == "":
		return nil, "", req.Incomplete("token")
	case !found || !isBase64 || !strings.HasPrefix(mediaType, "image/"):
		return nil, "", errNoPicture
	}
	if data, err = base64.StdEncoding.DecodeString(body); err != nil {
		return nil, "", errNoPicture
	}
	return data, mediaType, nil
}

var errNoPicture = fmt.Errorf("%w: the captcha is not a picture", wire.ErrInvalidResponse)

// CaptchaAnswer is what a right answer earns: a token for ExpiresIn seconds.
type CaptchaAnswer struct {
	CaptchaToken string `json:"captcha_token"`
	ExpiresIn    int    `json:"expires_in"`
}

// KeepCaptcha stores a captcha token with the session, which a bare token does not have. It fails with a
// *[session.StoreError].
func (c *Client) KeepCaptcha(ctx context.Context, out *CaptchaAnswer) error {
	if c.answers == nil {
		return nil
	}
	return c.answers.KeepCaptcha(ctx, out.CaptchaToken, session.Seconds(out.ExpiresIn))
}
