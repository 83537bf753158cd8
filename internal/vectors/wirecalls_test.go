package vectors_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/cloudbase-community/tcbauth"
)

// jsCall makes the Go call of a recorded js-sdk call.
type jsCall func(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage) (any, error)

// jsCalls has every js-sdk call that has a Go method. Methods of the lower layer begin with "api."; a method of app.auth()
// that only hands on to the lower layer stands for both.
var jsCalls = map[string]jsCall{
	"getVerification":                   one((*tcbauth.Auth).GetVerification),
	"verify":                            one((*tcbauth.Auth).Verify),
	"resend":                            resend,
	"sendVerificationCodeToCurrentUser": one((*tcbauth.Auth).SendVerificationCodeToCurrentUser),

	"signIn":                 one((*tcbauth.Auth).SignIn),
	"signInWithSms":          one((*tcbauth.Auth).SignInWithSms),
	"signInWithEmail":        one((*tcbauth.Auth).SignInWithEmail),
	"signInWithPassword":     one((*tcbauth.Auth).SignInWithPassword),
	"signInAnonymously":      one((*tcbauth.Auth).SignInAnonymously),
	"signInWithProvider":     one((*tcbauth.Auth).SignInWithProvider),
	"signInWithIdToken":      one((*tcbauth.Auth).SignInWithIdToken),
	"signInCustom":           one((*tcbauth.Auth).SignInCustom),
	"signInWithCustomTicket": customTicket,
	"verifyOtp":              one((*tcbauth.Auth).VerifyOtp),
	"signUp":                 signUp,
	"signInWithOtp":          challenge((*tcbauth.Auth).SignInWithOtp),
	"resetPasswordForEmail":  challengeText((*tcbauth.Auth).ResetPasswordForEmail, "emailOrPhone"),
	"reauthenticate":         reauthenticate,
	"updateUser":             updateUser,

	"signOut":           signOut,
	"getAccessToken":    getAccessToken,
	"getCredentials":    none((*tcbauth.Auth).GetCredentials),
	"setCredentials":    setCredentials,
	"getSession":        none((*tcbauth.Auth).GetSession),
	"getLoginState":     none((*tcbauth.Auth).GetLoginState),
	"hasLoginState":     hasLoginState,
	"setSession":        one((*tcbauth.Auth).SetSession),
	"refreshSession":    text((*tcbauth.Auth).RefreshSession, "refresh_token"),
	"refreshTokenForce": one((*tcbauth.Auth).RefreshTokenForce),
	"getClaims":         none((*tcbauth.Auth).GetClaims),
	"loginScope":        plain((*tcbauth.Auth).LoginScope),
	"loginGroups":       plain((*tcbauth.Auth).LoginGroups),
	"revokeAllDevices":  nothing((*tcbauth.Auth).RevokeAllDevices),
	"revokeDevice":      done((*tcbauth.Auth).RevokeDevice),

	"getUser":              none((*tcbauth.Auth).GetUser),
	"getUserInfo":          one((*tcbauth.Auth).GetUserInfo),
	"getUserProfile":       one((*tcbauth.Auth).GetUserProfile),
	"getCurrentUser":       none((*tcbauth.Auth).GetCurrentUser),
	"refreshUser":          refreshUser,
	"updateUserBasicInfo":  one((*tcbauth.Auth).UpdateUserBasicInfo),
	"setUserProfile":       one((*tcbauth.Auth).SetUserProfile),
	"queryUser":            one((*tcbauth.Auth).QueryUser),
	"queryUserProfile":     one((*tcbauth.Auth).QueryUserProfile),
	"deleteMe":             one((*tcbauth.Auth).DeleteMe),
	"deleteUser":           done((*tcbauth.Auth).DeleteUser),
	"isUsernameRegistered": isUsernameRegistered,
	"checkIfUserExist":     checkIfUserExist,
	"checkUsername":        done((*tcbauth.Auth).CheckUsername),
	"getUserIdentities":    none((*tcbauth.Auth).GetUserIdentities),
	"getUserBehaviorLog":   one((*tcbauth.Auth).GetUserBehaviorLog),
	"getWedaUserInfo":      plain((*tcbauth.Auth).GetWedaUserInfo),

	"setPassword":                done((*tcbauth.Auth).SetPassword),
	"sudo":                       one((*tcbauth.Auth).Sudo),
	"checkPassword":              done((*tcbauth.Auth).CheckPassword),
	"resetPassword":              done((*tcbauth.Auth).ResetPassword),
	"resetPasswordForOld":        one((*tcbauth.Auth).ResetPasswordForOld),
	"updatePasswordByOld":        one((*tcbauth.Auth).UpdatePasswordByOld),
	"modifyPassword":             done((*tcbauth.Auth).ModifyPassword),
	"modifyPasswordWithoutLogin": done((*tcbauth.Auth).ModifyPasswordWithoutLogin),
	"editContact":                done((*tcbauth.Auth).EditContact),
	"bindPhoneNumber":            done((*tcbauth.Auth).BindPhoneNumber),
	"bindEmail":                  done((*tcbauth.Auth).BindEmail),

	"genProviderRedirectUri":     one((*tcbauth.Auth).GenProviderRedirectUri),
	"grantProviderToken":         one((*tcbauth.Auth).GrantProviderToken),
	"patchProviderToken":         one((*tcbauth.Auth).PatchProviderToken),
	"bindWithProvider":           done((*tcbauth.Auth).BindWithProvider),
	"unbindProvider":             done((*tcbauth.Auth).UnbindProvider),
	"getProviders":               none((*tcbauth.Auth).GetProviders),
	"changeBoundProvider":        one((*tcbauth.Auth).ChangeBoundProvider),
	"transByProvider":            one((*tcbauth.Auth).TransByProvider),
	"signInWithOAuth":            one((*tcbauth.Auth).SignInWithOAuth),
	"linkIdentity":               one((*tcbauth.Auth).LinkIdentity),
	"unlinkIdentity":             done((*tcbauth.Auth).UnlinkIdentity),
	"getProviderSubType":         none((*tcbauth.Auth).GetProviderSubType),
	"getMiniProgramCode":         one((*tcbauth.Auth).GetMiniProgramCode),
	"getMiniProgramQrCode":       one((*tcbauth.Auth).GetMiniProgramQrCode),
	"getMiniProgramQrCodeStatus": one((*tcbauth.Auth).GetMiniProgramQrCodeStatus),

	"authorize":       one((*tcbauth.Auth).Authorize),
	"authorizeInfo":   one((*tcbauth.Auth).AuthorizeInfo),
	"authorizeDevice": done((*tcbauth.Auth).AuthorizeDevice),
	"deviceAuthorize": one((*tcbauth.Auth).DeviceAuthorize),
	"grantToken":      one((*tcbauth.Auth).GrantToken),

	"createCaptchaData": one((*tcbauth.Auth).CreateCaptchaData),
	"verifyCaptchaData": one((*tcbauth.Auth).VerifyCaptchaData),
	"getPublicKey":      none((*tcbauth.Auth).GetPublicKey),
}

// callJS makes a recorded call. earlier are the results of the steps before it.
func callJS(ctx context.Context, a *tcbauth.Auth, step wireStep, earlier []any) (any, error) {
	if step.Call == "verifyOAuth" {
		return verifyOAuth(ctx, a, step.Args, earlier)
	}
	if name, ok := strings.CutPrefix(step.Call, "$"); ok {
		var n int
		var method string
		if _, err := fmt.Sscanf(strings.Replace(name, ".data.", " ", 1), "%d %s", &n, &method); err != nil || n >= len(earlier) {
			return nil, fmt.Errorf("the table of calls has no %q", step.Call)
		}
		first, ok := earlier[n].(*jsChallenge)
		if !ok || method != "verifyOtp" && method != "updateUser" {
			return nil, fmt.Errorf("the table of calls has no %q", step.Call)
		}
		return first.finish(ctx, a, step.Args)
	}
	f, ok := jsCalls[step.Call]
	if !ok {
		f, ok = jsCalls[strings.TrimPrefix(step.Call, "api.")]
	}
	if !ok {
		return nil, fmt.Errorf("the table of calls has no %q", step.Call)
	}
	return f(ctx, a, step.Args)
}

// decode takes one object, and perhaps an object of options, which are fields of one struct in Go. A field that the struct
// does not have fails.
func decode[R any](args []json.RawMessage) (R, error) {
	var req R
	for _, arg := range args {
		if !given(arg) {
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(arg))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&req); err != nil {
			return req, fmt.Errorf("%T does not take the recorded argument: %w", req, err)
		}
	}
	return req, nil
}

func one[R, T any](f func(*tcbauth.Auth, context.Context, R) (*T, error)) jsCall {
	return func(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage) (any, error) {
		req, err := decode[R](args)
		if err != nil {
			return nil, err
		}
		return f(a, ctx, req)
	}
}

func done[R any](f func(*tcbauth.Auth, context.Context, R) error) jsCall {
	return func(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage) (any, error) {
		req, err := decode[R](args)
		if err != nil {
			return nil, err
		}
		return struct{}{}, f(a, ctx, req)
	}
}

func none[T any](f func(*tcbauth.Auth, context.Context) (*T, error)) jsCall {
	return func(ctx context.Context, a *tcbauth.Auth, _ []json.RawMessage) (any, error) { return f(a, ctx) }
}

func plain[T any](f func(*tcbauth.Auth, context.Context) (T, error)) jsCall {
	return func(ctx context.Context, a *tcbauth.Auth, _ []json.RawMessage) (any, error) { return f(a, ctx) }
}

func nothing(f func(*tcbauth.Auth, context.Context) error) jsCall {
	return func(ctx context.Context, a *tcbauth.Auth, _ []json.RawMessage) (any, error) {
		return struct{}{}, f(a, ctx)
	}
}

func challenge[R any](f func(*tcbauth.Auth, context.Context, R) (*tcbauth.OtpChallenge, error)) jsCall {
	return func(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage) (any, error) {
		req, err := decode[R](args)
		if err != nil {
			return nil, err
		}
		c, err := f(a, ctx, req)
		return firstStep(c, err, args)
	}
}

// field makes a string argument the field of an object.
func field(args []json.RawMessage, name string) []json.RawMessage {
	if len(args) == 0 || !given(args[0]) {
		return nil
	}
	return []json.RawMessage{json.RawMessage(`{"` + name + `":` + string(args[0]) + `}`)}
}

func text[R, T any](f func(*tcbauth.Auth, context.Context, R) (*T, error), name string) jsCall {
	return func(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage) (any, error) {
		return one(f)(ctx, a, field(args, name))
	}
}

func challengeText[R any](f func(*tcbauth.Auth, context.Context, R) (*tcbauth.OtpChallenge, error), name string) jsCall {
	return func(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage) (any, error) {
		return challenge(f)(ctx, a, field(args, name))
	}
}

// signUp is two methods in Go: with a proof it registers, without one it sends a code.
func signUp(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage) (any, error) {
	var proof struct {
		PhoneNumber       string `json:"phone_number"`
		VerificationCode  string `json:"verification_code"`
		VerificationToken string `json:"verification_token"`
		ProviderToken     string `json:"provider_token"`
	}
	if len(args) == 0 || json.Unmarshal(args[0], &proof) != nil {
		return nil, errors.New("signUp takes an object")
	}
	if proof.PhoneNumber+proof.VerificationCode+proof.VerificationToken+proof.ProviderToken != "" {
		return one((*tcbauth.Auth).SignUp)(ctx, a, args)
	}
	var req tcbauth.SignUpWithOtpRequest // the other fields go to the second step
	if err := json.Unmarshal(args[0], &req); err != nil {
		return nil, err
	}
	c, err := a.SignUpWithOtp(ctx, req)
	return firstStep(c, err, args)
}

func signOut(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage) (any, error) {
	if len(args) > 0 && given(args[0]) {
		return one((*tcbauth.Auth).SignOutWithRedirect)(ctx, a, args)
	}
	return struct{}{}, a.SignOut(ctx)
}

func reauthenticate(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage) (any, error) {
	c, err := a.Reauthenticate(ctx)
	return firstStep(c, err, args)
}

func updateUser(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage) (any, error) {
	req, err := decode[tcbauth.UpdateUserRequest](args)
	if err != nil {
		return nil, err
	}
	out, err := a.UpdateUser(ctx, req)
	if err != nil || out.Challenge == nil {
		return out, err
	}
	return &jsChallenge{MessageID: out.Challenge.MessageID, User: out.User, challenge: out.Challenge}, nil
}

func resend(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage) (any, error) {
	req, err := decode[tcbauth.ResendRequest](args)
	if err != nil {
		return nil, err
	}
	info, err := a.Resend(ctx, req)
	if err != nil {
		return nil, err
	}
	return map[string]string{"messageId": info.VerificationID}, nil
}

func getAccessToken(ctx context.Context, a *tcbauth.Auth, _ []json.RawMessage) (any, error) {
	token, err := a.GetAccessToken(ctx)
	return map[string]string{"accessToken": token, "env": a.Env()}, err
}

func setCredentials(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage) (any, error) {
	var c *tcbauth.Credentials
	if len(args) > 0 {
		if err := json.Unmarshal(args[0], &c); err != nil {
			return nil, err
		}
	}
	if c != nil && c.ExpiresIn == 0 {
		c = nil // which the js-sdk takes for clearing
	}
	return nil, a.SetCredentials(ctx, c)
}

func hasLoginState(ctx context.Context, a *tcbauth.Auth, _ []json.RawMessage) (any, error) {
	has, err := a.HasLoginState(ctx)
	if err != nil || !has {
		return nil, err
	}
	return a.GetSession(ctx)
}

// refreshUser returns the session too in the js-sdk.
func refreshUser(ctx context.Context, a *tcbauth.Auth, _ []json.RawMessage) (any, error) {
	if _, err := a.RefreshUser(ctx); err != nil {
		return nil, err
	}
	return a.GetSession(ctx)
}

func isUsernameRegistered(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage) (any, error) {
	req, err := decode[tcbauth.IsUsernameRegisteredRequest](field(args, "username"))
	if err != nil {
		return nil, err
	}
	return a.IsUsernameRegistered(ctx, req)
}

func checkIfUserExist(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage) (any, error) {
	req, err := decode[tcbauth.IsUsernameRegisteredRequest](args)
	if err != nil {
		return nil, err
	}
	exist, err := a.CheckIfUserExist(ctx, req)
	return map[string]bool{"exist": exist}, err
}

// verifyOAuth takes its challenge from the step that made it: the js-sdk keeps it in the browser.
func verifyOAuth(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage, earlier []any) (any, error) {
	back, err := decode[struct {
		Code     string `json:"code"`
		State    string `json:"state"`
		Provider string `json:"provider"`
	}](args)
	if err != nil {
		return nil, err
	}
	req := tcbauth.VerifyOAuthRequest{Query: url.Values{"code": {back.Code}, "state": {back.State}}}
	for _, result := range earlier {
		if c, ok := result.(*tcbauth.OAuthChallenge); ok {
			req.Challenge = c
		}
	}
	return a.VerifyOAuth(ctx, req)
}

// customTicket has the ticket in place of the function that returns it.
func customTicket(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage) (any, error) {
	var req tcbauth.SignInWithCustomTicketRequest
	if len(args) > 0 {
		_ = json.Unmarshal(args[0], &req.Ticket) // anything else is no ticket
	}
	return a.SignInWithCustomTicket(ctx, req)
}
