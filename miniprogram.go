package tcbauth

import (
	"context"
	"net/http"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// ProviderSubType says how the low-code provider signs people in.
type ProviderSubType struct {
	ID              string `json:"id"`
	ProviderSubType string `json:"provider_sub_type"` // NO_AUTH_LOGIN: without a password
}

type providerIDBody struct {
	ProviderID string `json:"provider_id"`
}

// GetProviderSubType asks how the low-code provider "weda" signs people in.
//
// js-sdk: getProviderSubType. WIRE.md 5.3.
func (a *Auth) GetProviderSubType(ctx context.Context) (*ProviderSubType, error) {
	return call[ProviderSubType](ctx, a, wire.Request{
		Op: "GetProviderSubType", Method: http.MethodPost, Path: "v1/mgr/provider/providerSubType",
		Body: providerIDBody{ProviderID: "weda"},
	})
}

// GetMiniProgramQrCodeRequest names a WeChat mini program.
type GetMiniProgramQrCodeRequest struct {
	EnvID   string `json:"envId"`
	WxAppID string `json:"wxAppId"`
}

// MiniProgramQrCode is a code that a mini program scans to sign somebody in elsewhere.
type MiniProgramQrCode struct {
	QrCode    string `json:"qr_code"` // the picture
	QrCodeID  string `json:"qr_code_id"`
	ExpiresIn int    `json:"expires_in,omitempty"` // seconds
}

// GetMiniProgramQrCode makes a code for a mini program to scan; [Auth.GetMiniProgramQrCodeStatus] tells when it was.
//
// js-sdk: getMiniProgramQrCode. WIRE.md 5.3.
func (a *Auth) GetMiniProgramQrCode(ctx context.Context, req GetMiniProgramQrCodeRequest) (*MiniProgramQrCode, error) {
	return call[MiniProgramQrCode](ctx, a, wire.Request{
		Op: "GetMiniProgramQrCode", Method: http.MethodPost, Path: "v1/qrcode/generate", Body: req,
	}, required("envId", req.EnvID), required("wxAppId", req.WxAppID))
}

// GetMiniProgramQrCodeStatusRequest names a code of [Auth.GetMiniProgramQrCode].
type GetMiniProgramQrCodeStatusRequest struct {
	QrCodeID string `json:"qrCodeId"`
	EnvID    string `json:"envId"`
	WxAppID  string `json:"wxAppId"`
}

// MiniProgramQrCodeStatus says whether a code was scanned. ProviderToken then signs in with [Auth.SignInWithProvider].
type MiniProgramQrCodeStatus struct {
	Status        string `json:"status"`
	ProviderToken string `json:"provider_token,omitempty"`
	ExpiresIn     int    `json:"expires_in,omitempty"` // seconds
}

// GetMiniProgramQrCodeStatus asks what became of a code.
//
// js-sdk: getMiniProgramQrCodeStatus. WIRE.md 5.3.
func (a *Auth) GetMiniProgramQrCodeStatus(ctx context.Context, req GetMiniProgramQrCodeStatusRequest) (*MiniProgramQrCodeStatus, error) {
	return call[MiniProgramQrCodeStatus](ctx, a, wire.Request{
		Op: "GetMiniProgramQrCodeStatus", Method: http.MethodPost, Path: "v1/qrcode/get/status", Body: req,
	}, required("qrCodeId", req.QrCodeID))
}
