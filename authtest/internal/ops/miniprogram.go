package ops

import (
	"encoding/base64"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/captcha"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// newQRCode is POST qrcode/generate. The js-sdk's types have the fields of the answer (WIRE.md section 5.3). There is nothing
// to scan in the picture: ScanQRCode is the mini program.
func newQRCode(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("envId", "wxAppId")
	switch {
	case refused != nil:
		return nil, refused
	case in["envId"] != s.Env:
		return nil, refusal.InvalidArgument("envId is not this environment")
	case in["wxAppId"] == "":
		return nil, refusal.InvalidArgument("wxAppId is required")
	}
	return map[string]any{
		"qr_code":    "data:image/png;base64," + base64.StdEncoding.EncodeToString(captcha.Draw(captcha.Text())),
		"qr_code_id": s.QRCodes.New(),
		"expires_in": int(service.QRCodeLifetime / time.Second),
	}, nil
}

// getQRCodeStatus is POST qrcode/get/status. The words of status are guesses.
func getQRCodeStatus(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("qrCodeId", "envId", "wxAppId")
	if refused != nil {
		return nil, refused
	}
	q := s.QRCodes.ByID(in["qrCodeId"])
	if q == nil {
		return nil, refusal.NotFound("qr code not found")
	}
	if held := s.Parties.Token(q.Token); held != nil {
		return map[string]any{"status": "SUCCESS", "provider_token": q.Token, "expires_in": held.Lasts()}, nil
	}
	if !s.Now().Before(q.Expires) {
		return map[string]any{"status": "EXPIRED"}, nil
	}
	return map[string]any{"status": "PENDING", "expires_in": int(q.Expires.Sub(s.Now()) / time.Second)}, nil
}

// getProviderSubType is POST mgr/provider/providerSubType: how the low-code provider signs users in, which is by password
// here ("" in the js-sdk's types; WIRE.md section 5.3).
func getProviderSubType(_ *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("provider_id")
	if refused != nil {
		return nil, refused
	}
	if in["provider_id"] == "" {
		return nil, refusal.InvalidArgument("provider_id is required")
	}
	return map[string]string{"id": in["provider_id"], "provider_sub_type": ""}, nil
}

// getWedaUser is GET plugin/weda/userinfo. Its answer is not known: here it is the profile of user/me.
func getWedaUser(s *service.Service, c *call) (any, *refusal.Error) { return getMe(s, c) }
