package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/jsonin"
	"github.com/cloudbase-community/tcbauth/authtest/internal/keys"
)

// stateVersion is the form of the state that this package writes, and the only one that it reads.
const stateVersion = 1

// state is what Save writes: what a server needs to go on where another one has ended. It has neither rules nor what is good for
// minutes only, such as a code.
type state struct {
	Version  int               `json:"version"`
	Env      string            `json:"env"`
	Clock    jsonin.Duration   `json:"clock"` // how far it was moved
	Users    []stateUser       `json:"users"`
	Sessions []stateSession    `json:"sessions"`
	Codes    map[string]string `json:"codes"` // fixed ones
	Keys     []stateKey        `json:"keys"`  // the oldest first
	Secret   []byte            `json:"refresh_secret"`
}

type stateKey struct {
	ID      string `json:"id"`
	Private string `json:"private_key"`
}

type stateUser struct {
	Person
	Hash          *password         `json:"password_hash,omitempty"`
	Device        string            `json:"anonymous_device,omitempty"` // of an anonymous user
	Anonymous     bool              `json:"anonymous,omitempty"`
	Created       time.Time         `json:"created_at"`
	Updated       time.Time         `json:"updated_at"`
	PasswordSet   time.Time         `json:"password_updated_at,omitzero"`
	LastLogin     time.Time         `json:"last_login,omitzero"`
	LockedUntil   time.Time         `json:"locked_until,omitzero"`
	Wrong         int               `json:"wrong_passwords,omitempty"`
	Profile       map[string]any    `json:"profile,omitempty"`
	IdentityNames map[string]string `json:"identity_names,omitempty"`
	History       []Event           `json:"history,omitempty"`
}

type stateSession struct {
	ID             []byte        `json:"id"`
	Sub            string        `json:"sub"`
	ClientID       string        `json:"client_id"`
	Provider       string        `json:"provider_type"`
	Device         string        `json:"device_id,omitempty"`
	Began          time.Time     `json:"began_at"`
	Expires        time.Time     `json:"access_token_expires_at"`
	Refreshes      int           `json:"refreshes"`
	RefreshEnded   bool          `json:"no_refresh_token,omitempty"`
	RefreshExpires time.Time     `json:"refresh_token_expires_at"`
	ReplacedAt     time.Time     `json:"refreshed_at,omitzero"`
	Access         []stateAccess `json:"access_tokens"` // the newest last
}

// stateAccess is an access token, by its hash.
type stateAccess struct {
	Hash    []byte    `json:"hash"`
	Expires time.Time `json:"expires_at"`
}

// Save returns users, sessions, fixed codes, keys and clock as JSON for Load. It has the keys: who has it can make tokens. It
// takes the lock.
func (s *Service) Save() ([]byte, error) {
	s.Lock()
	made := s.Keys()
	s.Unlock()
	made() // so that nobody waits for the first one with the environment locked
	s.Lock()
	defer s.Unlock()
	s.Tidy()
	out := state{
		Version: stateVersion, Env: s.Env, Clock: jsonin.Duration(s.Ahead()), Codes: s.Codes.fixed, Secret: s.refresh,
		Users: []stateUser{}, Sessions: []stateSession{},
	}
	for _, key := range s.Keys()() {
		out.Keys = append(out.Keys, stateKey{key.Public.KeyID, key.Private()})
	}
	devices := make(map[*Account]string)
	for device, a := range s.People.byDevice {
		devices[a] = device
	}
	for _, a := range s.People.OldestFirst() {
		out.Users = append(out.Users, stateUser{
			Person: a.Person, Hash: a.password, Device: devices[a], Anonymous: a.Anonymous, Created: a.Created, Updated: a.Updated,
			PasswordSet: a.PasswordSet, LastLogin: a.LastLogin, LockedUntil: a.LockedUntil, Wrong: a.Wrong, Profile: a.Profile,
			IdentityNames: a.IdentityNames, History: a.History,
		})
	}
	tokens := make(map[*Session][]stateAccess)
	for key, held := range s.Sessions.access {
		if key != held.session.newest {
			tokens[held.session] = append(tokens[held.session], stateAccess{key[:], held.expires})
		}
	}
	for _, n := range s.Sessions.OldestFirst() {
		access := tokens[n]
		slices.SortFunc(access, func(a, b stateAccess) int { return a.Expires.Compare(b.Expires) })
		if held, ok := s.Sessions.access[n.newest]; ok { // which need not be the last to expire
			access = append(access, stateAccess{n.newest[:], held.expires})
		}
		out.Sessions = append(out.Sessions, stateSession{
			ID: n.id[:], Sub: n.User.Sub, ClientID: n.ClientID, Provider: n.Provider, Device: n.Device, Began: n.Began,
			Expires: n.Expires, Refreshes: n.refreshes, RefreshEnded: n.refreshEnded, RefreshExpires: n.refreshExpires,
			ReplacedAt: n.replacedAt, Access: access,
		})
	}
	return json.MarshalIndent(out, "", "\t") //nolint:gosec // G117: a state is for whoever may have the secret
}

// Load puts what Save has written in the place of all records, faults and log too. Rules stay. After an error nothing has changed. It
// takes the lock.
func (s *Service) Load(text []byte) error {
	var in state
	if _, err := jsonin.Read(text, &in); err != nil {
		return err
	}
	switch {
	case in.Version != stateVersion:
		return fmt.Errorf("the state has version %d, and only version %d is known here", in.Version, stateVersion)
	case in.Env != s.Env:
		return fmt.Errorf("the state is of the environment %q, and this is %q", in.Env, s.Env)
	case len(in.Secret) == 0 || len(in.Keys) == 0 || in.Users == nil || in.Sessions == nil:
		return errors.New("the state lacks keys, refresh_secret, users or sessions")
	case in.Clock < 0 || time.Duration(in.Clock) > maxAhead:
		return fmt.Errorf("the clock of the state is not within %d years ahead", maxAhead/(365*24*time.Hour))
	}
	for to, code := range in.Codes {
		if address.Key(to) == "" || !CodePattern.MatchString(code) {
			return fmt.Errorf("codes of the state: want six digits by a phone number or an email address, not those of %q", to)
		}
	}
	var loaded []keys.Signing
	for _, key := range in.Keys {
		read, err := keys.Read(key.ID, key.Private)
		if err != nil {
			return err
		}
		loaded = append(loaded, read)
	}
	s.Lock()
	defer s.Unlock()
	fresh := newRecords(s.setting)
	if err := in.fill(&fresh); err != nil {
		return err
	}
	s.rewind()
	_ = s.advance(time.Duration(in.Clock)) // it was checked
	s.signer = signerOf(loaded)
	s.refresh = in.Secret
	s.records = fresh
	s.Tidy()
	s.Changed()
	return nil
}

// fill puts users, sessions and codes into records that have none.
func (in *state) fill(r *records) error {
	r.Codes.fixed = make(map[string]string)
	for to, code := range in.Codes {
		r.Codes.fix(address.Key(to), code)
	}
	for _, u := range in.Users {
		a := &Account{
			Person: u.Person, password: u.Hash, Anonymous: u.Anonymous, Created: u.Created, Updated: u.Updated,
			PasswordSet: u.PasswordSet, LastLogin: u.LastLogin, LockedUntil: u.LockedUntil, Wrong: u.Wrong, Profile: u.Profile,
			IdentityNames: u.IdentityNames, History: u.History,
		}
		if u.Password != "" { // written by hand
			if err := u.check(); err != nil {
				return fmt.Errorf("user %q of the state: %w", u.Sub, err)
			}
			a.password, a.Password = newPassword(u.Password), ""
		}
		if err := r.People.put(a, u.Device); err != nil {
			return err
		}
	}
	for _, n := range in.Sessions {
		a := r.People.BySub(n.Sub)
		if a == nil || len(n.ID) != len(sessionID{}) {
			return fmt.Errorf("a session of the state has no id, or is of %q, whom the state has not", n.Sub)
		}
		session := &Session{
			User: a, ClientID: n.ClientID, Provider: n.Provider, Device: n.Device, Began: n.Began, Expires: n.Expires,
			id: sessionID(n.ID), refreshes: n.Refreshes, refreshEnded: n.RefreshEnded, refreshExpires: n.RefreshExpires,
			replacedAt: n.ReplacedAt,
		}
		r.Sessions.add(session)
		for _, token := range n.Access {
			if len(token.Hash) != len(tokenKey{}) {
				return errors.New("an access token of the state has no hash")
			}
			session.newest = tokenKey(token.Hash)
			r.Sessions.access[session.newest] = access{session, token.Expires}
		}
	}
	return nil
}
