package authtest

import (
	"encoding/base64"
	"errors"
	"time"
)

// qrCodeLife is the life of a mini program's code. The live one is not known.
const qrCodeLife = 300 * time.Second

// miniProgramProvider is the third party that vouches for who scans a code; which one it is live is not known.
const miniProgramProvider = "wx_mp"

// qrCode is a picture that a mini program scans to sign somebody in elsewhere.
type qrCode struct {
	expires time.Time
	token   string // the provider_token of who has scanned it, "" while nobody has
}

// newQRCode is POST qrcode/generate. The js-sdk's types have the fields of the answer (WIRE.md section 5.3). There is nothing
// to scan in the picture: ScanQRCode is the mini program.
func newQRCode(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("envId", "wxAppId")
	switch {
	case refused != nil:
		return nil, refused
	case in["envId"] != s.Env:
		return nil, invalidArgument("envId is not this environment")
	case in["wxAppId"] == "":
		return nil, invalidArgument("wxAppId is required")
	}
	id := randomID()
	s.state.qrCodes[id] = &qrCode{expires: s.Now().Add(qrCodeLife)}
	return map[string]any{
		"qr_code":    "data:image/png;base64," + base64.StdEncoding.EncodeToString(drawCaptcha(captchaText())),
		"qr_code_id": id,
		"expires_in": int(qrCodeLife / time.Second),
	}, nil
}

// getQRCodeStatus is POST qrcode/get/status. The words of status are guesses.
func getQRCodeStatus(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("qrCodeId", "envId", "wxAppId")
	if refused != nil {
		return nil, refused
	}
	q := s.state.qrCodes[in["qrCodeId"]]
	switch {
	case q == nil:
		return nil, notFound("qr code not found")
	case q.token != "":
		return map[string]any{
			"status": "SUCCESS", "provider_token": q.token, "expires_in": int(providerTokenLife / time.Second),
		}, nil
	case !s.Now().Before(q.expires):
		return map[string]any{"status": "EXPIRED"}, nil
	}
	return map[string]any{"status": "PENDING", "expires_in": int(q.expires.Sub(s.Now()) / time.Second)}, nil
}

// ScanQRCode is a person who scans the code of qrcode/generate with a mini program: qrcode/get/status then gives a
// provider_token for them. An id that nobody waits with, and a person without a Sub, fail the test, or panic if the server
// was made by Listen.
func (s *Server) ScanQRCode(id string, person ProviderUser) {
	s.helper()
	if err := s.scanQRCode(id, person); err != nil {
		s.fatalf("ScanQRCode: %v", err)
	}
}

func (s *Server) scanQRCode(id string, person ProviderUser) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.state.qrCodes[id]
	switch {
	case q == nil || q.token != "" || !s.Now().Before(q.expires):
		return errors.New("no code with this id waits to be scanned")
	case person.Sub == "" || s.needProvider(miniProgramProvider) != nil:
		return errors.New("the person has no Sub, or the provider " + miniProgramProvider + " is not switched on")
	}
	q.token = s.newProviderToken(providerPerson{person, miniProgramProvider})
	return nil
}

// getProviderSubType is POST mgr/provider/providerSubType: how the low-code provider signs people in, which is by password
// here ("" in the js-sdk's types; WIRE.md section 5.3).
func getProviderSubType(_ *Server, c *call) (any, *Error) {
	in, refused := c.fields("provider_id")
	if refused != nil {
		return nil, refused
	}
	if in["provider_id"] == "" {
		return nil, invalidArgument("provider_id is required")
	}
	return map[string]string{"id": in["provider_id"], "provider_sub_type": ""}, nil
}

// getWedaUser is GET plugin/weda/userinfo. Its answer is not known: here it is the profile of user/me.
func getWedaUser(s *Server, c *call) (any, *Error) { return getMe(s, c) }
