package tcbauth

import (
	"context"
	"net/http"

	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// CreateCaptchaDataRequest names the call that needs a captcha.
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

// CreateCaptchaData gets a picture for the user to read. Backends without a [CaptchaSolver] use it together with
// [Auth.VerifyCaptchaData]: they show the picture, check the answer in a later request, and then repeat the refused call.
//
// js-sdk: createCaptchaData.
func (a *Auth) CreateCaptchaData(ctx context.Context, req CreateCaptchaDataRequest) (*CaptchaData, error) {
	// WIRE.md 7.9.
	return call[CaptchaData](ctx, a, wire.Request{
		Op: "CreateCaptchaData", Method: http.MethodPost, Path: client.CaptchaPath, Body: req,
	})
}

// VerifyCaptchaDataRequest has the token of a captcha and the characters that the user has read in its picture.
type VerifyCaptchaDataRequest struct {
	Token string `json:"token"`
	Key   string `json:"key"`
}

// VerifyCaptchaDataResponse has the captcha token, valid for ExpiresIn seconds, usually 600.
type VerifyCaptchaDataResponse struct {
	CaptchaToken string `json:"captcha_token"`
	ExpiresIn    int    `json:"expires_in"`
}

func (r *VerifyCaptchaDataResponse) missing() string {
	return missingField("captcha_token", r.CaptchaToken)
}

// VerifyCaptchaData checks the characters that the user has read. It stores the captcha token with this session until the
// token expires, and later calls send it when they need it. The error code for a wrong answer is not known: probably
// [CodeInvalidArgument], possibly [CodeCaptchaInvalid].
//
// js-sdk: verifyCaptchaData, which keeps the token only in its own dialogue.
func (a *Auth) VerifyCaptchaData(ctx context.Context, req VerifyCaptchaDataRequest) (*VerifyCaptchaDataResponse, error) {
	// WIRE.md 7.9.
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
