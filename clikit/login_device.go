package clikit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
)

// loginOnDevice shows a code, which the user types on another device, and waits for that.
func (k *Kit) loginOnDevice(ctx context.Context, s *opened) (*tcbauth.LoginState, error) {
	device, err := s.auth.DeviceAuthorize(ctx, tcbauth.DeviceAuthorizeRequest{})
	if err != nil {
		return nil, err
	}
	if k.Flags.JSON {
		// A program that shows this to its user reads it here, since there is no answer yet.
		err = json.NewEncoder(k.cfg.Stderr).Encode(map[string]any{
			"user_code": device.UserCode, "verification_uri": device.VerificationURI,
			"verification_uri_complete": device.VerificationURIComplete, "expires_in": device.ExpiresIn,
		})
		if err != nil {
			return nil, err
		}
	}
	k.tell(openOnDevice, device.VerificationURI, device.UserCode)
	if page := device.VerificationURIComplete; page != "" && k.ask().CanAsk() {
		_ = k.ask().QR(page)   // the code above will do
		_ = k.ask().Open(page) // so it will where there is no browser
	}
	end := k.cfg.Now().Add(lifetime(device.ExpiresIn))
	state, err := s.auth.PollDeviceToken(ctx, tcbauth.PollDeviceTokenRequest{
		DeviceCode: device.DeviceCode, Interval: device.Interval, ExpiresIn: device.ExpiresIn,
	})
	switch {
	case ctx.Err() != nil: // the wait has ended, not a request
		err = overdue(err)
	case errors.Is(err, tcbauth.CodeInvalidGrant) && k.late(end):
		err = fmt.Errorf("%w: %w", errNotConfirmed, err)
	}
	return state, err
}

// errNotConfirmed: the code for another device has expired.
var errNotConfirmed = errors.New("clikit: nobody has entered the code in time")

// late reports whether a time has come. A server no longer knows a code by then. Timers stand still while the computer sleeps, so
// they do not tell.
func (k *Kit) late(end time.Time) bool { return !k.cfg.Now().Before(end) }

// scanPause is the time between two looks at a code that waits to be scanned.
const scanPause = 2 * time.Second

// errNotScanned: the code of a mini program has expired.
var errNotScanned = errors.New("clikit: nobody has scanned the code in time")

// loginByMiniProgram shows a code that a WeChat mini program scans, and waits until it has.
func (k *Kit) loginByMiniProgram(ctx context.Context, s *opened, o LoginOptions) (*tcbauth.LoginState, error) {
	if o.PictureFile == "" && !k.ask().CanAsk() {
		return nil, missing(AskScan)
	}
	code, err := s.auth.GetMiniProgramQrCode(ctx, tcbauth.GetMiniProgramQrCodeRequest{EnvID: s.set.Env.Value, WxAppID: o.MiniProgram})
	if err != nil {
		return nil, err
	}
	if err := k.showScan(code.QrCode, o.PictureFile); err != nil {
		return nil, err
	}
	end := k.cfg.Now().Add(lifetime(code.ExpiresIn))
	for {
		if err := pause(ctx, scanPause); err != nil {
			return nil, err
		}
		status, err := s.auth.GetMiniProgramQrCodeStatus(ctx, tcbauth.GetMiniProgramQrCodeStatusRequest{
			QrCodeID: code.QrCodeID, EnvID: s.set.Env.Value, WxAppID: o.MiniProgram,
		})
		switch {
		case errors.Is(err, tcbauth.ErrServiceError) && !k.late(end): // one lost answer ends nothing
		case errors.Is(err, tcbauth.CodeNotFound) && k.late(end):
			return nil, fmt.Errorf("%w: %w", errNotScanned, err)
		case err != nil:
			return nil, err
		case status.ProviderToken != "":
			return s.auth.SignInWithProvider(ctx, tcbauth.SignInWithProviderRequest{
				ProviderToken: status.ProviderToken, ForceDisableSignUp: o.NoSignUp,
			})
		case k.late(end):
			return nil, errNotScanned
		}
	}
}

// showScan shows the picture of a code where the user can scan it.
func (k *Kit) showScan(data, file string) error {
	raw, err := console.PictureBytes([]byte(data))
	if err != nil {
		return err
	}
	shown := false
	if file != "" {
		if err := writePicture(file, raw); err != nil {
			return err
		}
		k.tell(scanFile, file)
		shown = true
	}
	if k.ask().CanAsk() {
		img, err := console.DecodePicture(raw)
		if err == nil {
			k.tell(scanThis)
			err = k.ask().Picture(img)
		}
		if err != nil && !shown {
			return err
		}
	}
	return nil
}

// pause waits. If ctx ends before, that is the error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return overdue(ctx.Err())
	}
}
