package tcbauth

import (
	"fmt"
	"log/slog"

	"github.com/cloudbase-community/tcbauth/internal/redact"
)

// Format prints a without secrets.
func (a Address) Format(f fmt.State, _ rune) { redact.Format(f, a) }

// LogValue is a without secrets.
func (a Address) LogValue() slog.Value { return redact.Value(a) }

// Format prints a without secrets.
func (a AuthEvent) Format(f fmt.State, _ rune) { redact.Format(f, a) }

// LogValue is a without secrets.
func (a AuthEvent) LogValue() slog.Value { return redact.Value(a) }

// Format prints a without secrets.
func (a AuthorizeInfoResponse) Format(f fmt.State, _ rune) { redact.Format(f, a) }

// LogValue is a without secrets.
func (a AuthorizeInfoResponse) LogValue() slog.Value { return redact.Value(a) }

// Format prints a without secrets.
func (a AuthorizeResponse) Format(f fmt.State, _ rune) { redact.Format(f, a) }

// LogValue is a without secrets.
func (a AuthorizeResponse) LogValue() slog.Value { return redact.Value(a) }

// Format prints b without secrets.
func (b BindInfo) Format(f fmt.State, _ rune) { redact.Format(f, b) }

// LogValue is b without secrets.
func (b BindInfo) LogValue() slog.Value { return redact.Value(b) }

// Format prints c without secrets.
func (c Captcha) Format(f fmt.State, _ rune) { redact.Format(f, c) }

// LogValue is c without secrets.
func (c Captcha) LogValue() slog.Value { return redact.Value(c) }

// Format prints c without secrets.
func (c CaptchaData) Format(f fmt.State, _ rune) { redact.Format(f, c) }

// LogValue is c without secrets.
func (c CaptchaData) LogValue() slog.Value { return redact.Value(c) }

// Format prints c without secrets.
func (c ChangeBoundProviderResponse) Format(f fmt.State, _ rune) { redact.Format(f, c) }

// LogValue is c without secrets.
func (c ChangeBoundProviderResponse) LogValue() slog.Value { return redact.Value(c) }

// Format prints c without secrets.
func (c Claims) Format(f fmt.State, _ rune) { redact.Format(f, c) }

// LogValue is c without secrets.
func (c Claims) LogValue() slog.Value { return redact.Value(c) }

// Format prints c without secrets.
func (c ClaimsHeader) Format(f fmt.State, _ rune) { redact.Format(f, c) }

// LogValue is c without secrets.
func (c ClaimsHeader) LogValue() slog.Value { return redact.Value(c) }

// Format prints c without secrets.
func (c ClaimsResponse) Format(f fmt.State, _ rune) { redact.Format(f, c) }

// LogValue is c without secrets.
func (c ClaimsResponse) LogValue() slog.Value { return redact.Value(c) }

// Format prints c without secrets.
func (c Credentials) Format(f fmt.State, _ rune) { redact.Format(f, c) }

// LogValue is c without secrets.
func (c Credentials) LogValue() slog.Value { return redact.Value(c) }

// Format prints d without secrets.
func (d DeviceAuthorizeResponse) Format(f fmt.State, _ rune) { redact.Format(f, d) }

// LogValue is d without secrets.
func (d DeviceAuthorizeResponse) LogValue() slog.Value { return redact.Value(d) }

// Format prints g without secrets.
func (g GenProviderRedirectUriResponse) Format(f fmt.State, _ rune) { redact.Format(f, g) }

// LogValue is g without secrets.
func (g GenProviderRedirectUriResponse) LogValue() slog.Value { return redact.Value(g) }

// Format prints l without secrets.
func (l LoginState) Format(f fmt.State, _ rune) { redact.Format(f, l) }

// LogValue is l without secrets.
func (l LoginState) LogValue() slog.Value { return redact.Value(l) }

// Format prints m without secrets.
func (m MiniProgramQrCode) Format(f fmt.State, _ rune) { redact.Format(f, m) }

// LogValue is m without secrets.
func (m MiniProgramQrCode) LogValue() slog.Value { return redact.Value(m) }

// Format prints m without secrets.
func (m MiniProgramQrCodeStatus) Format(f fmt.State, _ rune) { redact.Format(f, m) }

// LogValue is m without secrets.
func (m MiniProgramQrCodeStatus) LogValue() slog.Value { return redact.Value(m) }

// Format prints o without secrets.
func (o OAuthChallenge) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue is o without secrets.
func (o OAuthChallenge) LogValue() slog.Value { return redact.Value(o) }

// Format prints o without secrets.
func (o OAuthClient) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue is o without secrets.
func (o OAuthClient) LogValue() slog.Value { return redact.Value(o) }

// Format prints o without secrets.
func (o OAuthScope) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue is o without secrets.
func (o OAuthScope) LogValue() slog.Value { return redact.Value(o) }

// Format prints o without secrets.
func (o OtpChallenge) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// LogValue is o without secrets.
func (o OtpChallenge) LogValue() slog.Value { return redact.Value(o) }

// Format prints p without secrets.
func (p ProviderParams) Format(f fmt.State, _ rune) { redact.Format(f, p) }

// LogValue is p without secrets.
func (p ProviderParams) LogValue() slog.Value { return redact.Value(p) }

// Format prints p without secrets.
func (p ProviderProfile) Format(f fmt.State, _ rune) { redact.Format(f, p) }

// LogValue is p without secrets.
func (p ProviderProfile) LogValue() slog.Value { return redact.Value(p) }

// Format prints p without secrets.
func (p ProviderSubType) Format(f fmt.State, _ rune) { redact.Format(f, p) }

// LogValue is p without secrets.
func (p ProviderSubType) LogValue() slog.Value { return redact.Value(p) }

// Format prints p without secrets.
func (p ProviderToken) Format(f fmt.State, _ rune) { redact.Format(f, p) }

// LogValue is p without secrets.
func (p ProviderToken) LogValue() slog.Value { return redact.Value(p) }

// Format prints p without secrets.
func (p ProvidersResponse) Format(f fmt.State, _ rune) { redact.Format(f, p) }

// LogValue is p without secrets.
func (p ProvidersResponse) LogValue() slog.Value { return redact.Value(p) }

// Format prints p without secrets.
func (p PublicKey) Format(f fmt.State, _ rune) { redact.Format(f, p) }

// LogValue is p without secrets.
func (p PublicKey) LogValue() slog.Value { return redact.Value(p) }

// Format prints q without secrets.
func (q QueryUserResponse) Format(f fmt.State, _ rune) { redact.Format(f, q) }

// LogValue is q without secrets.
func (q QueryUserResponse) LogValue() slog.Value { return redact.Value(q) }

// Format prints s without secrets.
func (s SignOutResponse) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SignOutResponse) LogValue() slog.Value { return redact.Value(s) }

// Format prints s without secrets.
func (s SudoResponse) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// LogValue is s without secrets.
func (s SudoResponse) LogValue() slog.Value { return redact.Value(s) }

// Format prints u without secrets.
func (u UpdateUserResult) Format(f fmt.State, _ rune) { redact.Format(f, u) }

// LogValue is u without secrets.
func (u UpdateUserResult) LogValue() slog.Value { return redact.Value(u) }

// Format prints u without secrets.
func (u User) Format(f fmt.State, _ rune) { redact.Format(f, u) }

// LogValue is u without secrets.
func (u User) LogValue() slog.Value { return redact.Value(u) }

// Format prints u without secrets.
func (u UserBehaviorLog) Format(f fmt.State, _ rune) { redact.Format(f, u) }

// LogValue is u without secrets.
func (u UserBehaviorLog) LogValue() slog.Value { return redact.Value(u) }

// Format prints u without secrets.
func (u UserGroup) Format(f fmt.State, _ rune) { redact.Format(f, u) }

// LogValue is u without secrets.
func (u UserGroup) LogValue() slog.Value { return redact.Value(u) }

// Format prints u without secrets.
func (u UserIdentities) Format(f fmt.State, _ rune) { redact.Format(f, u) }

// LogValue is u without secrets.
func (u UserIdentities) LogValue() slog.Value { return redact.Value(u) }

// Format prints u without secrets.
func (u UserIdentity) Format(f fmt.State, _ rune) { redact.Format(f, u) }

// LogValue is u without secrets.
func (u UserIdentity) LogValue() slog.Value { return redact.Value(u) }

// Format prints u without secrets.
func (u UserProvider) Format(f fmt.State, _ rune) { redact.Format(f, u) }

// LogValue is u without secrets.
func (u UserProvider) LogValue() slog.Value { return redact.Value(u) }

// Format prints v without secrets.
func (v VerificationInfo) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// LogValue is v without secrets.
func (v VerificationInfo) LogValue() slog.Value { return redact.Value(v) }

// Format prints v without secrets.
func (v VerifyCaptchaDataResponse) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// LogValue is v without secrets.
func (v VerifyCaptchaDataResponse) LogValue() slog.Value { return redact.Value(v) }

// Format prints v without secrets.
func (v VerifyResponse) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// LogValue is v without secrets.
func (v VerifyResponse) LogValue() slog.Value { return redact.Value(v) }
