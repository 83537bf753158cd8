package service

import (
	"maps"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// SudoLifetime is the lifetime of a sudo_token (WIRE.md section 4.6).
const SudoLifetime = 900 * time.Second

// sudo is what a sudo_token allows.
type sudo struct {
	user    *Account
	expires time.Time
}

// Sudos are the sudo_tokens.
type Sudos struct {
	setting *setting
	held    map[string]sudo
}

func newSudos(s *setting) *Sudos { return &Sudos{setting: s, held: make(map[string]sudo)} }

// Grant makes a sudo_token.
func (s *Sudos) Grant(a *Account) (token string) {
	token = random.Text(32)
	s.held[token] = sudo{a, s.setting.Now().Add(SudoLifetime)}
	return token
}

// Good says whether a token is a good one of the account's. It stays good until it expires.
func (s *Sudos) Good(token string, a *Account) bool {
	held, ok := s.held[token]
	return ok && held.user == a && s.setting.Now().Before(held.expires)
}

func (s *Sudos) tidy(now time.Time) {
	maps.DeleteFunc(s.held, func(_ string, held sudo) bool { return !now.Before(held.expires) })
}

func (s *Sudos) forget(a *Account) {
	maps.DeleteFunc(s.held, func(_ string, held sudo) bool { return held.user == a })
}
