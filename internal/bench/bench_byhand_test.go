package bench_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// handWritten makes the same requests as tcbauth with the same headers, as somebody careful would write them who needs
// nothing else: every request has a time limit, every answer a limit of size, every status is looked at. There is no store,
// no repeat and no error to tell from another. Nothing here is of tcbauth.
type handWritten struct {
	client                            *http.Client
	base, clientID, deviceID, version string
	bearer                            string // of the session that there is: asking for a code carries it
}

type handAsked struct {
	PhoneNumber string `json:"phone_number"`
}

type handSent struct {
	VerificationID string `json:"verification_id"`
	ExpiresIn      int    `json:"expires_in"`
	IsUser         bool   `json:"is_user"`
}

type handVerify struct {
	VerificationID   string `json:"verification_id"`
	VerificationCode string `json:"verification_code"`
}

type handVerified struct {
	VerificationToken string `json:"verification_token"`
	ExpiresIn         int    `json:"expires_in"`
}

type handSignIn struct {
	Username          string `json:"username"`
	VerificationToken string `json:"verification_token"`
}

type handSession struct {
	TokenType    string   `json:"token_type"`
	AccessToken  string   `json:"access_token"`
	RefreshToken string   `json:"refresh_token"`
	ExpiresIn    int      `json:"expires_in"`
	Scope        string   `json:"scope"`
	Sub          string   `json:"sub"`
	Groups       []string `json:"groups"`
}

type handUser struct {
	Sub           string `json:"sub"`
	Name          string `json:"name"`
	Username      string `json:"username"`
	PhoneNumber   string `json:"phone_number"`
	Email         string `json:"email"`
	EmailVerified bool   `json:"email_verified"`
	Picture       string `json:"picture"`
	Gender        string `json:"gender"`
	Birthdate     string `json:"birthdate"`
	Zoneinfo      string `json:"zoneinfo"`
	Locale        string `json:"locale"`
	Groups        []struct {
		ID        string `json:"id"`
		ExpiresAt string `json:"expires_at"`
	} `json:"groups"`
	Providers []struct {
		ID             string `json:"id"`
		ProviderUserID string `json:"provider_user_id"`
		Name           string `json:"name"`
		Picture        string `json:"picture"`
	} `json:"providers"`
	Status            string                     `json:"status"`
	HasPassword       bool                       `json:"has_password"`
	Type              string                     `json:"type"`
	InternalUserType  string                     `json:"internal_user_type"`
	UserID            string                     `json:"user_id"`
	UserDesc          string                     `json:"user_desc"`
	UserSource        int                        `json:"user_source"`
	CreatedFrom       string                     `json:"created_from"`
	CreatedAt         string                     `json:"created_at"`
	UpdatedAt         string                     `json:"updated_at"`
	PasswordUpdatedAt string                     `json:"password_updated_at"`
	LastLogin         string                     `json:"last_login"`
	Meta              map[string]json.RawMessage `json:"meta"`
}

// ask sends a code and returns what its check needs.
func (h *handWritten) ask(ctx context.Context, phone string) (*handSent, error) {
	target := "/auth/v1/verification"
	if h.bearer == "" {
		target += "?client_id=" + url.QueryEscape(h.clientID)
	}
	sent := new(handSent)
	return sent, h.send(ctx, http.MethodPost, target, h.bearer, handAsked{phone}, sent)
}

func (h *handWritten) login(ctx context.Context, id, code, phone string) (*handSession, *handUser, error) {
	client := "?client_id=" + url.QueryEscape(h.clientID)
	var verified handVerified
	err := h.send(ctx, http.MethodPost, "/auth/v1/verification/verify"+client, "", handVerify{id, code}, &verified)
	if err != nil {
		return nil, nil, err
	}
	session := new(handSession)
	err = h.send(ctx, http.MethodPost, "/auth/v1/signin"+client, "", handSignIn{phone, verified.VerificationToken}, session)
	if err != nil {
		return nil, nil, err
	}
	h.bearer = session.AccessToken
	user := new(handUser)
	return session, user, h.send(ctx, http.MethodGet, "/auth/v1/user/me", session.AccessToken, nil, user)
}

func (h *handWritten) send(ctx context.Context, method, target, bearer string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, h.base+target, body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "tcbauth")
	req.Header.Set("X-SDK-Version", h.version)
	req.Header.Set("Accept-Language", "zh-CN")
	req.Header.Set("X-Device-Id", h.deviceID)
	req.Header.Set("X-Request-Id", randomUUID())
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // it was read
	data, err := readBody(resp)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", target, resp.Status)
	}
	return json.Unmarshal(data, out)
}

// readBody reads an answer in one piece where the server has said how long it is.
func readBody(resp *http.Response) ([]byte, error) {
	const most = 1 << 20
	if resp.ContentLength < 0 || resp.ContentLength > most {
		return io.ReadAll(io.LimitReader(resp.Body, most))
	}
	data := make([]byte, resp.ContentLength)
	_, err := io.ReadFull(resp.Body, data)
	return data, err
}

// randomUUID is a random UUID, RFC 9562.
func randomUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var text [36]byte
	hex.Encode(text[:8], b[:4])
	hex.Encode(text[9:13], b[4:6])
	hex.Encode(text[14:18], b[6:8])
	hex.Encode(text[19:23], b[8:10])
	hex.Encode(text[24:], b[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}
