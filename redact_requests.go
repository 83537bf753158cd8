package tcbauth

import (
	"fmt"
	"log/slog"

	"github.com/cloudbase-community/tcbauth/internal/redact"
)

// Format prints a without secrets.
func (a AuthorizeDeviceRequest) Format(f fmt.State, _ rune) { redact.Format(f, a) }

// LogValue is a without secrets.
func (a AuthorizeDeviceRequest) LogValue() slog.Value { return redact.Value(a) }

// Format prints a without secrets.
func (a AuthorizeInfoRequest) Format(f fmt.State, _ rune) { redact.Format(f, a) }

// LogValue is a without secrets.
func (a AuthorizeInfoRequest) LogValue() slog.Value { return redact.Value(a) }

// Format prints a without secrets.
func (a AuthorizeRequest) Format(f fmt.State, _ rune) { redact.Format(f, a) }

// LogValue is a without secrets.
func (a AuthorizeRequest) LogValue() slog.Value { return redact.Value(a) }

// Format prints b without secrets.
func (b BindEmailRequest) Format(f fmt.State, _ rune) { redact.Format(f, b) }

// LogValue is b without secrets.
func (b BindEmailRequest) LogValue() slog.Value { return redact.Value(b) }

// Format prints b without secrets.
func (b BindPhoneNumberRequest) Format(f fmt.State, _ rune) { redact.Format(f, b) }

// LogValue is b without secrets.
func (b BindPhoneNumberRequest) LogValue() slog.Value { return redact.Value(b) }

// Format prints b without secrets.
func (b BindWithProviderRequest) Format(f fmt.State, _ rune) { redact.Format(f, b) }

// LogValue is b without secrets.
func (b BindWithProviderRequest) LogValue() slog.Value { return redact.Value(b) }

// Format prints c without secrets.
func (c ChangeBoundProviderRequest) Format(f fmt.State, _ rune) { redact.Format(f, c) }

// LogValue is c without secrets.
func (c ChangeBoundProviderRequest) LogValue() slog.Value { return redact.Value(c) }

// Format prints c without secrets.
func (c CheckPasswordRequest) Format(f fmt.State, _ rune) { redact.Format(f, c) }

// LogValue is c without secrets.
func (c CheckPasswordRequest) LogValue() slog.Value { return redact.Value(c) }

// Format prints c without secrets.
func (c CheckUsernameRequest) Format(f fmt.State, _ rune) { redact.Format(f, c) }

// LogValue is c without secrets.
func (c CheckUsernameRequest) LogValue() slog.Value { return redact.Value(c) }

// Format prints c without secrets.
func (c CreateCaptchaDataRequest) Format(f fmt.State, _ rune) { redact.Format(f, c) }

// LogValue is c without secrets.
func (c CreateCaptchaDataRequest) LogValue() slog.Value { return redact.Value(c) }

// Format prints d without secrets.
func (d DeleteMeRequest) Format(f fmt.State, _ rune) { redact.Format(f, d) }

// LogValue is d without secrets.
func (d DeleteMeRequest) LogValue() slog.Value { return redact.Value(d) }

// Format prints d without secrets.
func (d DeleteUserRequest) Format(f fmt.State, _ rune) { redact.Format(f, d) }

// LogValue is d without secrets.
func (d DeleteUserRequest) LogValue() slog.Value { return redact.Value(d) }

// Format prints d without secrets.
func (d DeviceAuthorizeRequest) Format(f fmt.State, _ rune) { redact.Format(f, d) }

// LogValue is d without secrets.
func (d DeviceAuthorizeRequest) LogValue() slog.Value { return redact.Value(d) }

// Format prints e without secrets.
func (e EditContactRequest) Format(f fmt.State, _ rune) { redact.Format(f, e) }

// LogValue is e without secrets.
func (e EditContactRequest) LogValue() slog.Value { return redact.Value(e) }

// Format prints r without secrets.
func (r FinishOtpRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is r without secrets.
func (r FinishOtpRequest) LogValue() slog.Value { return redact.Value(r) }

// Format prints g without secrets.
func (g GenProviderRedirectUriRequest) Format(f fmt.State, _ rune) { redact.Format(f, g) }

// LogValue is g without secrets.
func (g GenProviderRedirectUriRequest) LogValue() slog.Value { return redact.Value(g) }

// Format prints g without secrets.
func (g GetMiniProgramQrCodeRequest) Format(f fmt.State, _ rune) { redact.Format(f, g) }

// LogValue is g without secrets.
func (g GetMiniProgramQrCodeRequest) LogValue() slog.Value { return redact.Value(g) }

// Format prints g without secrets.
func (g GetMiniProgramQrCodeStatusRequest) Format(f fmt.State, _ rune) { redact.Format(f, g) }

// LogValue is g without secrets.
func (g GetMiniProgramQrCodeStatusRequest) LogValue() slog.Value { return redact.Value(g) }

// Format prints g without secrets.
func (g GetUserBehaviorLogRequest) Format(f fmt.State, _ rune) { redact.Format(f, g) }

// LogValue is g without secrets.
func (g GetUserBehaviorLogRequest) LogValue() slog.Value { return redact.Value(g) }

// Format prints g without secrets.
func (g GetVerificationRequest) Format(f fmt.State, _ rune) { redact.Format(f, g) }

// LogValue is g without secrets.
func (g GetVerificationRequest) LogValue() slog.Value { return redact.Value(g) }

// Format prints g without secrets.
func (g GrantProviderTokenRequest) Format(f fmt.State, _ rune) { redact.Format(f, g) }

// LogValue is g without secrets.
func (g GrantProviderTokenRequest) LogValue() slog.Value { return redact.Value(g) }

// Format prints g without secrets.
func (g GrantTokenRequest) Format(f fmt.State, _ rune) { redact.Format(f, g) }

// LogValue is g without secrets.
func (g GrantTokenRequest) LogValue() slog.Value { return redact.Value(g) }

// Format prints i without secrets.
func (i IsUsernameRegisteredRequest) Format(f fmt.State, _ rune) { redact.Format(f, i) }

// LogValue is i without secrets.
func (i IsUsernameRegisteredRequest) LogValue() slog.Value { return redact.Value(i) }

// Format prints l without secrets.
func (l LinkIdentityRequest) Format(f fmt.State, _ rune) { redact.Format(f, l) }

// LogValue is l without secrets.
func (l LinkIdentityRequest) LogValue() slog.Value { return redact.Value(l) }

// Format prints m without secrets.
func (m ModifyPasswordRequest) Format(f fmt.State, _ rune) { redact.Format(f, m) }

// LogValue is m without secrets.
func (m ModifyPasswordRequest) LogValue() slog.Value { return redact.Value(m) }

// Format prints m without secrets.
func (m ModifyPasswordWithoutLoginRequest) Format(f fmt.State, _ rune) { redact.Format(f, m) }

// LogValue is m without secrets.
func (m ModifyPasswordWithoutLoginRequest) LogValue() slog.Value { return redact.Value(m) }

// Format prints p without secrets.
func (p PatchProviderTokenRequest) Format(f fmt.State, _ rune) { redact.Format(f, p) }

// LogValue is p without secrets.
func (p PatchProviderTokenRequest) LogValue() slog.Value { return redact.Value(p) }

// Format prints p without secrets.
func (p PollDeviceTokenRequest) Format(f fmt.State, _ rune) { redact.Format(f, p) }

// LogValue is p without secrets.
func (p PollDeviceTokenRequest) LogValue() slog.Value { return redact.Value(p) }

// Format prints q without secrets.
func (q QueryUserRequest) Format(f fmt.State, _ rune) { redact.Format(f, q) }

// LogValue is q without secrets.
func (q QueryUserRequest) LogValue() slog.Value { return redact.Value(q) }

// Format prints r without secrets.
func (r RefreshSessionRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is r without secrets.
func (r RefreshSessionRequest) LogValue() slog.Value { return redact.Value(r) }

// Format prints r without secrets.
func (r ResendRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is r without secrets.
func (r ResendRequest) LogValue() slog.Value { return redact.Value(r) }

// Format prints r without secrets.
func (r ResetPasswordForEmailRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is r without secrets.
func (r ResetPasswordForEmailRequest) LogValue() slog.Value { return redact.Value(r) }

// Format prints r without secrets.
func (r ResetPasswordForOldRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is r without secrets.
func (r ResetPasswordForOldRequest) LogValue() slog.Value { return redact.Value(r) }

// Format prints r without secrets.
func (r ResetPasswordRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is r without secrets.
func (r ResetPasswordRequest) LogValue() slog.Value { return redact.Value(r) }

// Format prints r without secrets.
func (r RevokeDeviceRequest) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// LogValue is r without secrets.
func (r RevokeDeviceRequest) LogValue() slog.Value { return redact.Value(r) }

// Format prints s without secrets.
func (s SetPasswordRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SetPasswordRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SetSessionRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SetSessionRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SetUserProfileRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SetUserProfileRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SignInAnonymouslyRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignInAnonymouslyRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SignInCustomRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignInCustomRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SignInRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignInRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SignInWithCustomTicketRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignInWithCustomTicketRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SignInWithEmailRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignInWithEmailRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SignInWithIdTokenRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignInWithIdTokenRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SignInWithOAuthOptions) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignInWithOAuthOptions) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SignInWithOAuthRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignInWithOAuthRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SignInWithOtpOptions) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignInWithOtpOptions) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SignInWithOtpRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignInWithOtpRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SignInWithPasswordRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignInWithPasswordRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SignInWithProviderRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignInWithProviderRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SignInWithSmsRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignInWithSmsRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SignOutRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignOutRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SignUpRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignUpRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SignUpWithOtpRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignUpWithOtpRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SudoRequest) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SudoRequest) LogValue() slog.Value { return redact.Value(s) }

// Format prints t without secrets.
func (t TransByProviderRequest) Format(f fmt.State, _ rune) { redact.Format(f, t) }

// LogValue is t without secrets.
func (t TransByProviderRequest) LogValue() slog.Value { return redact.Value(t) }

// Format prints u without secrets.
func (u UnbindProviderRequest) Format(f fmt.State, _ rune) { redact.Format(f, u) }

// LogValue is u without secrets.
func (u UnbindProviderRequest) LogValue() slog.Value { return redact.Value(u) }

// Format prints u without secrets.
func (u UnlinkIdentityRequest) Format(f fmt.State, _ rune) { redact.Format(f, u) }

// LogValue is u without secrets.
func (u UnlinkIdentityRequest) LogValue() slog.Value { return redact.Value(u) }

// Format prints u without secrets.
func (u UpdateUserBasicInfoRequest) Format(f fmt.State, _ rune) { redact.Format(f, u) }

// LogValue is u without secrets.
func (u UpdateUserBasicInfoRequest) LogValue() slog.Value { return redact.Value(u) }

// Format prints u without secrets.
func (u UpdateUserRequest) Format(f fmt.State, _ rune) { redact.Format(f, u) }

// LogValue is u without secrets.
func (u UpdateUserRequest) LogValue() slog.Value { return redact.Value(u) }

// Format prints v without secrets.
func (v VerifyCaptchaDataRequest) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// LogValue is v without secrets.
func (v VerifyCaptchaDataRequest) LogValue() slog.Value { return redact.Value(v) }

// Format prints v without secrets.
func (v VerifyOAuthRequest) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// LogValue is v without secrets.
func (v VerifyOAuthRequest) LogValue() slog.Value { return redact.Value(v) }

// Format prints v without secrets.
func (v VerifyOtpRequest) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// LogValue is v without secrets.
func (v VerifyOtpRequest) LogValue() slog.Value { return redact.Value(v) }

// Format prints v without secrets.
func (v VerifyRequest) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// LogValue is v without secrets.
func (v VerifyRequest) LogValue() slog.Value { return redact.Value(v) }
