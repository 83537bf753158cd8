package tcbauth

import (
	"context"
	"net/http"

	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// CreateCaptchaDataRequest says what a captcha is for.
type CreateCaptchaDataRequest struct {
	State       string `json:"state,omitempty"`
	RedirectURI string `json:"redirect_uri,omitempty"`
}

// CaptchaData is a captcha as the server sends it. Data is a data: URL of RFC 2397, which a page can show as it is.
type CaptchaData struct {
	Token     string `json:"token"`
	Data      string `json:"data"`
	Type      string `json:"type,omitempty"`       // "image"
	ExpiresIn int    `json:"expires_in,omitempty"` // seconds
}

func (d *CaptchaData) missing() string {
	if d.Token == "" {
		return "token"
	}
	return missingField("data", d.Data)
}

// CreateCaptchaData gets a picture for a person to read. Together with [Auth.VerifyCaptchaData] it is for backends without
// a [CaptchaSolver]: they show the picture, take the answer in a later request, and then make the refused call again.
//
// js-sdk: createCaptchaData. WIRE.md 7.9.
func (a *Auth) CreateCaptchaData(ctx context.Context, req CreateCaptchaDataRequest) (*CaptchaData, error) {
	return call[CaptchaData](ctx, a, wire.Request{
		Op: "CreateCaptchaData", Method: http.MethodPost, Path: client.CaptchaPath, Body: req,
	})
}

// VerifyCaptchaDataRequest has the token of a captcha and what a person read in its picture.
type VerifyCaptchaDataRequest struct {
	Token string `json:"token"`
	Key   string `json:"key"`
}

// VerifyCaptchaDataResponse lets calls pass for ExpiresIn seconds, 600 as a rule.
type VerifyCaptchaDataResponse struct {
	CaptchaToken string `json:"captcha_token"`
	ExpiresIn    int    `json:"expires_in"`
}

func (r *VerifyCaptchaDataResponse) missing() string {
	return missingField("captcha_token", r.CaptchaToken)
}

// VerifyCaptchaData checks what a person read. The captcha token that it gets is stored with this session until it
// expires, and sent by itself when a call needs it. The server's word for a wrong answer is not known: it is likely to be
// [CodeInvalidArgument], and may be [CodeCaptchaInvalid].
//
// js-sdk: verifyCaptchaData, which keeps the token only in its own dialogue. WIRE.md 7.9.
func (a *Auth) VerifyCaptchaData(ctx context.Context, req VerifyCaptchaDataRequest) (*VerifyCaptchaDataResponse, error) {
	out, err := call[VerifyCaptchaDataResponse](ctx, a, wire.Request{
		Op: "VerifyCaptchaData", Method: http.MethodPost, Path: client.CaptchaPath + "/verify", Body: req,
	}, required("token", req.Token), required("key", req.Key))
	if err != nil {
		return nil, err
	}
	if err := a.client.KeepCaptcha(ctx, &client.CaptchaAnswer{CaptchaToken: out.CaptchaToken, ExpiresIn: out.ExpiresIn}); err != nil {
		return out, a.fail(ctx, "VerifyCaptchaData", err)
	}
	return out, nil
}
