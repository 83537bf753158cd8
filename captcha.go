package tcbauth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// Captcha is a picture with characters that a person can read.
type Captcha struct {
	Image     []byte
	MediaType string // "image/gif", say
	State     string // which call needs it: "POST:/v1/verification"
}

// CaptchaSolver returns the characters of a picture, as a person reads them. It must be safe for concurrent use. Its error
// is what the call that needs the captcha fails with.
type CaptchaSolver func(ctx context.Context, c Captcha) (answer string, err error)

// CreateCaptchaDataRequest says what a captcha is for.
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

// picture decodes Data.
func (d *CaptchaData) picture() (data []byte, mediaType string, err error) {
	head, body, found := strings.Cut(d.Data, ",")
	mediaType, isBase64 := strings.CutSuffix(strings.TrimPrefix(head, "data:"), ";base64")
	if !found || !isBase64 || !strings.HasPrefix(mediaType, "image/") {
		return nil, "", errNoPicture
	}
	if data, err = base64.StdEncoding.DecodeString(body); err != nil {
		return nil, "", errNoPicture
	}
	return data, mediaType, nil
}

var errNoPicture = fmt.Errorf("%w: the captcha is not a picture", ErrInvalidResponse)

// CreateCaptchaData gets a picture for a person to read. Together with [Auth.VerifyCaptchaData] it is for backends without
// a [CaptchaSolver]: they show the picture, take the answer in a later request, and then make the refused call again.
//
// js-sdk: createCaptchaData. WIRE.md 7.9.
func (a *Auth) CreateCaptchaData(ctx context.Context, req CreateCaptchaDataRequest) (*CaptchaData, error) {
	return call[CaptchaData](ctx, a, captchaRequest("CreateCaptchaData", req))
}

const captchaPath = "v1/captcha/data"

func captchaRequest(op string, body any) wire.Request {
	return wire.Request{Op: op, Method: http.MethodPost, Path: captchaPath, Body: body}
}

// VerifyCaptchaDataRequest has the token of a captcha and what a person read in its picture.
type VerifyCaptchaDataRequest struct {
	Token string `json:"token"`
	Key   string `json:"key"`
}

// VerifyCaptchaDataResponse lets calls pass for ExpiresIn seconds, 600 as a rule.
type VerifyCaptchaDataResponse struct {
	CaptchaToken string `json:"captcha_token"`
	ExpiresIn    int    `json:"expires_in"`
}

func (r *VerifyCaptchaDataResponse) missing() string {
	return missingField("captcha_token", r.CaptchaToken)
}

// VerifyCaptchaData checks what a person read. The captcha token that it gets is stored with this session until it
// expires, and sent by itself when a call needs it. The server's word for a wrong answer is not known: it is likely to be
// [CodeInvalidArgument], and may be [CodeCaptchaInvalid].
//
// js-sdk: verifyCaptchaData, which keeps the token only in its own dialogue. WIRE.md 7.9.
func (a *Auth) VerifyCaptchaData(ctx context.Context, req VerifyCaptchaDataRequest) (*VerifyCaptchaDataResponse, error) {
	out, err := call[VerifyCaptchaDataResponse](ctx, a, wire.Request{
		Op: "VerifyCaptchaData", Method: http.MethodPost, Path: captchaPath + "/verify", Body: req,
	}, required("token", req.Token), required("key", req.Key))
	if err != nil {
		return nil, err
	}
	if err := a.keepCaptcha(ctx, out); err != nil {
		return out, a.fail(ctx, "VerifyCaptchaData", err)
	}
	return out, nil
}

// captchaJSON is a captcha token as the js-sdk stores it.
type captchaJSON struct {
	CaptchaToken string      `json:"captcha_token"`
	ExpiresIn    jsonNumber  `json:"expires_in"`
	ExpiresAt    jsonInstant `json:"expires_at,omitzero"`
}

// captchaMargin is how long before its end a captcha token is no longer used, as in the js-sdk.
const captchaMargin = 10 * time.Second

func (a *Auth) keepCaptcha(ctx context.Context, r *VerifyCaptchaDataResponse) error {
	if a.bare {
		return nil
	}
	life := time.Duration(r.ExpiresIn) * time.Second
	data, err := json.Marshal(captchaJSON{
		CaptchaToken: r.CaptchaToken, ExpiresIn: jsonNumber(r.ExpiresIn),
		ExpiresAt: jsonInstant(a.now().Add(life - captchaMargin)),
	})
	if err == nil {
		err = a.app.cfg.store.Set(ctx, a.keys.captcha, data, life)
	}
	if err != nil {
		return storeError("storing the captcha token", err)
	}
	return nil
}

// storedCaptcha returns the captcha token at hand, "" if there is none that may be used.
func (a *Auth) storedCaptcha(ctx context.Context) string {
	if a.bare {
		return ""
	}
	data, err := a.app.cfg.store.Get(ctx, a.keys.captcha)
	var kept captchaJSON
	if err != nil || json.Unmarshal(data, &kept) != nil || a.now().After(time.Time(kept.ExpiresAt)) {
		return ""
	}
	return kept.CaptchaToken
}

// captchaToken returns a captcha token other than the refused one: the stored one, or a fresh one that the solver earns. ""
// means that there is none to be had.
func (a *Auth) captchaToken(ctx context.Context, req *wire.Request, refused string) (token string, fresh bool, err error) {
	if token := a.storedCaptcha(ctx); token != "" && token != refused {
		return token, false, nil
	}
	if a.app.cfg.solver == nil {
		return "", false, nil
	}
	if !a.bare { // one captcha serves all calls of a session
		unlock, err := a.app.locks.Lock(ctx, a.keys.captcha)
		if err != nil {
			return "", false, &Error{Code: CodeUnreachable, Category: CategoryServiceError, Err: err}
		}
		defer unlock()
		if token := a.storedCaptcha(ctx); token != "" && token != refused {
			return token, false, nil
		}
	}
	token, err = a.solveCaptcha(ctx, req)
	return token, true, err
}

// solveCaptcha lets the solver answer a new captcha.
func (a *Auth) solveCaptcha(ctx context.Context, req *wire.Request) (string, error) {
	state := req.Method + ":/" + req.Path
	// The js-sdk sends an empty redirect_uri here, and none for its callers.
	data, err := call[CaptchaData](ctx, a, captchaRequest(req.Op, struct {
		State       string `json:"state"`
		RedirectURI string `json:"redirect_uri"`
	}{State: state}))
	if err != nil {
		return "", err
	}
	picture, mediaType, err := data.picture()
	if err != nil {
		return "", err
	}
	answer, err := a.app.cfg.solver(ctx, Captcha{Image: picture, MediaType: mediaType, State: state})
	if err != nil {
		return "", &callbackError{name: "the captcha solver", err: err}
	}
	out, err := a.VerifyCaptchaData(ctx, VerifyCaptchaDataRequest{Token: data.Token, Key: answer})
	if errors.Is(err, ErrStore) {
		a.app.warn(ctx, "a captcha token could not be stored", slog.Any("error", err))
	} else if err != nil {
		return "", err
	}
	return out.CaptchaToken, nil
}

const captchaQuery = "captcha_token"

// withCaptcha puts a captcha token on req before it is sent, if there is one to be had.
func (a *Auth) withCaptcha(ctx context.Context, req *wire.Request) error {
	token, _, err := a.captchaToken(ctx, req, "")
	if err == nil && token != "" {
		setCaptcha(req, token)
	}
	return err
}

func setCaptcha(req *wire.Request, token string) {
	query := url.Values{captchaQuery: {token}}
	for name, values := range req.Query {
		if name != captchaQuery {
			query[name] = values
		}
	}
	req.Query = query
}

// captchaAfter returns a captcha token for req, if err says that req was refused for want of one, else "". A token that the
// server refuses is not used again.
func (a *Auth) captchaAfter(ctx context.Context, req *wire.Request, err error) (token string, fresh bool, failed error) {
	f, ok := errors.AsType[*wire.Failure](err)
	if !ok || strings.HasPrefix(req.Path, captchaPath) {
		return "", false, nil
	}
	refused := req.Query.Get(captchaQuery)
	switch Code(f.Code) {
	case CodeCaptchaRequired:
	case CodeCaptchaInvalid:
		if a.storedCaptcha(ctx) == refused {
			a.dropCaptcha(ctx)
		}
	default:
		return "", false, nil
	}
	return a.captchaToken(ctx, req, refused)
}

func (a *Auth) dropCaptcha(ctx context.Context) {
	if a.bare {
		return
	}
	if err := a.app.cfg.store.Delete(ctx, a.keys.captcha); err != nil {
		a.app.warn(ctx, "a refused captcha token could not be deleted", slog.Any("error", storeError("deleting", err)))
	}
}
