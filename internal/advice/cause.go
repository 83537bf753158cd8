package advice

import "net/http"

// Cause is what went wrong besides what the server says, or before it could say anything.
type Cause int

// The causes. Those of a session come before those of an answer, since an answer has no say about somebody who is not there.
const (
	None             Cause = iota // not known
	Answered                      // nothing but what the server says, or that it says nothing
	NobodySignedIn                // ErrNoSession
	SessionEnded                  // ErrSessionExpired
	OtherUser                     // ErrOtherUser
	NoCodeAsked                   // ErrNoOtp
	TokenRefused                  // a bare access token was refused
	AccessKeyRefused              // the access key was refused
	StoreFailed                   // ErrStore
	StoreDamaged                  // ErrStore, because of a session that nobody can read
	RefreshLost                   // ErrOutcomeUnknown of a refresh
	OutcomeUnknown                // ErrOutcomeUnknown
	InvalidResponse               // ErrInvalidResponse
	Interrupted                   // the call's context was cancelled
	TookTooLong                   // the call's context, or an attempt, ran out of time
	BadArgument                   // a ValidationError
	CallbackFailed                // a function of the caller's failed
)

// statusClientClosed is the status that proxies note when a client has gone away. Nobody reads the answer.
const statusClientClosed = 499

// causes are what goes wrong here.
var causes = []Meaning{
	{
		Cause: NobodySignedIn, Source: "ErrNoSession", Category: InvalidCredentials,
		HTTP: http.StatusUnauthorized, Message: signInFirst, Help: signInAgain,
	},
	{
		Cause: SessionEnded, Source: "ErrSessionExpired", Category: InvalidCredentials,
		HTTP: http.StatusUnauthorized, Message: elsewhere, Help: sessionEnded,
	},
	{
		Cause: OtherUser, Source: "ErrOtherUser", Category: InvalidCredentials,
		HTTP: http.StatusUnauthorized, Message: signIn, Help: otherTicket,
	},
	{
		Cause: NoCodeAsked, Source: "ErrNoOtp", Category: VerificationFailed,
		HTTP: http.StatusBadRequest, Message: noCodeAsked, Help: nothingPending,
	},
	{
		Cause: TokenRefused, Source: "an access token of App.ForToken, or one that cannot be refreshed, was refused",
		HTTP: http.StatusUnauthorized, Message: signIn, Help: refusedToken,
	},
	{
		Cause: AccessKeyRefused, Source: "the key of WithAccessKey was refused",
		HTTP: http.StatusInternalServerError, Message: wrong, Help: refusedKey,
	},
	{
		Cause: StoreFailed, Source: "ErrStore", Category: Unknown,
		HTTP: http.StatusServiceUnavailable, Message: later, Help: checkStore,
	},
	{
		Cause: StoreDamaged, Source: "ErrStore: the stored session is damaged, or sealed with a key that is gone", Category: Unknown,
		HTTP: http.StatusUnauthorized, Message: signIn, Help: replaceDamaged,
	},
	{
		Cause: RefreshLost, Source: "ErrOutcomeUnknown of a refresh", Open: true,
		HTTP: http.StatusBadGateway, Message: offline, Help: refreshLost,
	},
	{
		Cause: OutcomeUnknown, Source: "ErrOutcomeUnknown", Open: true,
		HTTP: http.StatusBadGateway, Message: uncertain, Help: lookFirst,
	},
	{
		Cause: InvalidResponse, Source: "ErrInvalidResponse",
		HTTP: http.StatusBadGateway, Message: later, Help: foreignAnswer,
	},
	{
		Cause: Interrupted, Source: "context.Canceled", Category: ServiceError,
		HTTP: statusClientClosed, Message: later, Help: cancelled,
	},
	{
		Cause: TookTooLong, Source: "context.DeadlineExceeded", Category: ServiceError,
		HTTP: http.StatusGatewayTimeout, Message: offline, Help: moreTime,
	},
	{
		Cause: BadArgument, When: When{Field: []string{"phone_number", "phone", "phoneNum", "challenge.phone"}}, Source: "ValidationError", Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: checkPhone, Help: phoneForm,
	},
	{
		Cause: BadArgument, When: When{Field: []string{"email", "challenge.email"}}, Source: "ValidationError", Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: checkEmail, Help: checkFields,
	},
	{
		Cause: BadArgument, When: When{Field: []string{"username"}}, Source: "ValidationError", Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: checkUsername, Help: checkFields,
	},
	{
		Cause: BadArgument, When: When{Field: []string{"password", "new_password", "old_password"}}, Source: "ValidationError", Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: checkPassword, Help: checkFields,
	},
	{
		Cause: BadArgument, When: When{Field: []string{"verification_code", "verificationCode", "token", "code"}}, Source: "ValidationError", Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: checkCode, Help: checkFields,
	},
	{
		Cause: BadArgument, Source: "ValidationError", Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: checkInput, Help: checkFields,
	},
	{
		Cause: CallbackFailed, Source: "a function of an Option failed", Category: Unknown,
		HTTP: http.StatusInternalServerError, Message: wrong, Help: ownFunction,
	},
}
