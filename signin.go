package tcbauth

import (
	"context"
	"net/http"
	"slices"

	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// SignInRequest names a user and has the Password, or the VerificationToken of [Auth.Verify].
type SignInRequest struct {
	Username          string `json:"username,omitempty"` // a user name, an email address, or a phone number as "+86 13800000000"; sent as it is
	Password          string `json:"password,omitempty"`
	VerificationToken string `json:"verification_token,omitempty"`
	VerificationCode  string `json:"verification_code,omitempty"`
	VerifyOpt         string `json:"verify_opt,omitempty"`
	ClientID          string `json:"client_id,omitempty"`
	Version           string `json:"version,omitempty"` // "v1", the default, or "v2"

	// IsEncrypt encrypts the request for the server, in addition to TLS.
	IsEncrypt bool `json:"isEncrypt,omitempty"`
	// Params is for callers who encrypt the request themselves, with the key of [Auth.GetPublicKey]: the JSON of the fields
	// above, encrypted in blocks of PKCS #1 v1.5, in base64. PublicKeyThumbprint names the key. Give both or neither, and
	// then no Username and Password.
	Params              string `json:"params,omitempty"`
	PublicKeyThumbprint string `json:"public_key_thumbprint,omitempty"`

	Query *UserInfoQuery `json:"query,omitempty"` // additional parts of the profile to fetch
}

// SignIn signs in a registered user. It stores the session, replacing an existing one, fetches the user and fires
// [EventSignedIn].
//
// A wrong user name or password is [CodeInvalidUsernameOrPassword], a user without a password [CodePasswordNotSet], and a
// code of an address that is not registered [CodeNotFound]. If the store fails, the error is [ErrStore] and the result
// still has the credentials, so that nothing is lost.
//
// js-sdk: signIn.
func (a *Auth) SignIn(ctx context.Context, req SignInRequest) (*LoginState, error) {
	// WIRE.md 4.3.
	return a.signIn(ctx, "SignIn", req)
}

func (a *Auth) signIn(ctx context.Context, op string, req SignInRequest, checks ...error) (*LoginState, error) {
	return a.signInFrom(ctx, op, "", req, checks...)
}

// signInFrom signs in with the device id of an earlier step, or "" for the session's own.
func (a *Auth) signInFrom(ctx context.Context, op, deviceID string, req SignInRequest, checks ...error) (*LoginState, error) {
	version, query, encrypt := req.Version, req.Query, req.IsEncrypt
	req.Version, req.Query, req.IsEncrypt = "", nil, false
	var invalid error
	req.VerificationCode, invalid = normalCodeIfAny("verification_code", req.VerificationCode)
	r := wire.Request{Op: op, Method: http.MethodPost, Path: "v1/signin", Body: req, DeviceID: deviceID}
	if version == client.V2 {
		r.Path = "v2/signin/username"
	}
	checks = append(checks, invalid)
	switch {
	case req.Params != "" || req.PublicKeyThumbprint != "":
		checks = append(checks, required("params", req.Params), required("public_key_thumbprint", req.PublicKeyThumbprint))
		if encrypt {
			checks = append(checks, &ValidationError{Field: "isEncrypt", Rule: "is of no use: params is encrypted already"})
		}
	case req.VerificationToken == "" && req.VerificationCode == "":
		checks = append(checks, required("username", req.Username), required("password", req.Password))
	}
	checks = append(checks, checkVersion(version), a.storing())
	if encrypt {
		var err error
		if r.Body, err = a.encrypted(ctx, op, req, checks...); err != nil {
			return nil, err
		}
	}
	l, err := a.obtain(ctx, r, client.Version(version), checks...)
	return a.signedIn(ctx, l, err, GetUserInfoRequest{Version: version, Query: query}, "")
}

// SignInWithPasswordRequest names a user by Username, Email or Phone.
type SignInWithPasswordRequest struct {
	Username string `json:"username,omitempty"`
	Email    string `json:"email,omitempty"`
	Phone    string `json:"phone,omitempty"` // in any form that NormalizePhone accepts
	Password string `json:"password,omitempty"`

	// IsEncrypt encrypts the request for the server, in addition to TLS, and signs in at v2.
	IsEncrypt bool `json:"is_encrypt,omitempty"`
}

// SignInWithPassword signs in with a password, as [Auth.SignIn] does. If several names are given, the first in the order
// of the fields is used, as in the js-sdk.
//
// js-sdk: signInWithPassword.
func (a *Auth) SignInWithPassword(ctx context.Context, req SignInWithPasswordRequest) (*LoginState, error) {
	username, invalid := req.Username, error(nil)
	switch {
	case username != "":
	case req.Email != "":
		username, invalid = req.Email, checkEmail("email", req.Email)
	case req.Phone != "":
		username, invalid = normalPhone("phone", req.Phone)
	default:
		invalid = &ValidationError{Field: "username", Rule: "or email or phone is required"}
	}
	in := SignInRequest{Username: username, Password: req.Password, IsEncrypt: req.IsEncrypt}
	if req.IsEncrypt {
		in.Version = client.V2
	}
	return a.signIn(ctx, "SignInWithPassword", in, invalid)
}

// BindInfo names a third-party account to link to the user who signs in.
type BindInfo struct {
	ProviderToken string `json:"providerToken,omitempty"`
}

// SignInWithSmsRequest has the code that [Auth.GetVerification] sent to a phone number.
type SignInWithSmsRequest struct {
	VerificationInfo *VerificationInfo `json:"verificationInfo,omitempty"`
	VerificationCode string            `json:"verificationCode,omitempty"` // as the user typed it; see Verify
	PhoneNum         string            `json:"phoneNum,omitempty"`         // in any form that NormalizePhone accepts
	BindInfo         *BindInfo         `json:"bindInfo,omitempty"`
	// ShouldCreateUser false refuses users who are not registered ([CodeNotFound]); nil and true register them.
	ShouldCreateUser *bool `json:"shouldCreateUser,omitempty"`

	// AnonymousToken is the access token of an anonymous user, who becomes the new user.
	AnonymousToken string `json:"anonymous_token,omitempty"`
	// KeepAnonymousUser works as in [SignUpRequest].
	KeepAnonymousUser bool `json:"-"`
}

// SignInWithSms checks the code and signs the user in, or registers a new user. VerificationInfo.IsUser decides which. If
// the server says that the user is registered and sign-in answers "not found" (or the reverse), the other call is tried
// once with the same verification token.
//
// It returns the errors of [Auth.Verify], [Auth.SignIn] and [Auth.SignUp].
//
// js-sdk: signInWithSms.
func (a *Auth) SignInWithSms(ctx context.Context, req SignInWithSmsRequest) (*LoginState, error) {
	// WIRE.md 4.5.
	phone, invalid := normalPhone("phoneNum", req.PhoneNum)
	return a.signInByCode(ctx, codeSignIn{
		op: "SignInWithSms", info: req.VerificationInfo, code: req.VerificationCode, username: phone,
		signUp: SignUpRequest{PhoneNumber: phone, AnonymousToken: req.AnonymousToken, KeepAnonymousUser: req.KeepAnonymousUser},
		bind:   req.BindInfo, create: req.ShouldCreateUser,
	}, invalid)
}

// SignInWithEmailRequest has the code that [Auth.GetVerification] sent to an email address.
type SignInWithEmailRequest struct {
	VerificationInfo *VerificationInfo `json:"verificationInfo,omitempty"`
	VerificationCode string            `json:"verificationCode,omitempty"` // as the user typed it; see Verify
	Email            string            `json:"email,omitempty"`
	BindInfo         *BindInfo         `json:"bindInfo,omitempty"`
	// ShouldCreateUser false refuses users who are not registered ([CodeNotFound]); nil and true register them.
	ShouldCreateUser *bool `json:"shouldCreateUser,omitempty"`

	// AnonymousToken is the access token of an anonymous user, who becomes the new user.
	AnonymousToken string `json:"anonymous_token,omitempty"`
	// KeepAnonymousUser works as in [SignUpRequest].
	KeepAnonymousUser bool `json:"-"`
}

// SignInWithEmail is [Auth.SignInWithSms] for an email address.
//
// js-sdk: signInWithEmail.
func (a *Auth) SignInWithEmail(ctx context.Context, req SignInWithEmailRequest) (*LoginState, error) {
	// WIRE.md 4.5.
	return a.signInByCode(ctx, codeSignIn{
		op: "SignInWithEmail", info: req.VerificationInfo, code: req.VerificationCode, username: req.Email,
		signUp: SignUpRequest{Email: req.Email, AnonymousToken: req.AnonymousToken, KeepAnonymousUser: req.KeepAnonymousUser},
		bind:   req.BindInfo, create: req.ShouldCreateUser,
	}, checkEmail("email", req.Email))
}

// codeSignIn signs in, or registers, a user by a code.
type codeSignIn struct {
	op       string
	info     *VerificationInfo
	code     string
	username string
	signUp   SignUpRequest // without its verification token
	bind     *BindInfo
	create   *bool
}

func (a *Auth) signInByCode(ctx context.Context, in codeSignIn, invalid error) (*LoginState, error) {
	if in.info == nil {
		in.info = new(VerificationInfo)
	}
	code, invalidCode := normalCode("verificationCode", in.code)
	if err := a.ready(ctx, a.storing(), invalid,
		required("verificationInfo.verification_id", in.info.VerificationID), invalidCode,
		checkDeviceID("verificationInfo.device_id", in.info.DeviceID)); err != nil {
		return nil, a.fail(ctx, in.op, err)
	}
	deviceID, err := a.prepare(ctx, in.op, in.info.DeviceID)
	if err != nil {
		return nil, err
	}
	mayCreate := in.create == nil || *in.create
	if mayCreate {
		if in.signUp, err = a.keepAnonymousUser(ctx, in.op, in.signUp); err != nil { // the code would be spent for nothing
			return nil, err
		}
	}
	token, err := a.verifyCode(ctx, in.op, deviceID, in.info.VerificationID, code)
	if err != nil {
		return nil, err
	}
	providerToken := ""
	if in.bind != nil {
		providerToken = in.bind.ProviderToken
	}
	signIn := func() (*LoginState, error) {
		r := SignInRequest{Username: in.username, VerificationToken: token}
		l, err := a.obtain(ctx, wire.Request{
			Op: in.op, Method: http.MethodPost, Path: "v1/signin", Body: r, DeviceID: deviceID,
		}, client.V1)
		return a.signedIn(ctx, l, err, GetUserInfoRequest{}, providerToken)
	}
	signUp := func() (*LoginState, error) {
		r := in.signUp
		r.VerificationToken, r.ProviderToken = token, providerToken
		return a.signUp(ctx, in.op, deviceID, r)
	}
	switch {
	case !mayCreate:
		return signIn()
	case in.info.IsUser:
		return orElse(signIn, signUp, CodeNotFound, CodeUserNotFound)
	}
	return orElse(signUp, signIn, CodeAlreadyExists, CodeFailedPrecondition)
}

// orElse makes the second call if the first fails with one of codes. If both fail it returns the first error, which says
// more; but a session that could not be stored is returned in any case.
func orElse(first, second func() (*LoginState, error), codes ...Code) (*LoginState, error) {
	state, err := first()
	if err != nil && slices.Contains(codes, codeOf(err)) {
		if other, failed := second(); other != nil {
			return other, failed
		}
	}
	return state, err
}
