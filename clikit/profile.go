package clikit

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/cloudbase-community/tcbauth/internal/wholefile"
)

// DefaultProfile is the profile that is used until another one is chosen.
const DefaultProfile = "default"

// Profile is one user in one environment, under a name. Signing in stores it.
type Profile struct {
	Name    string `json:"name"`
	Env     string `json:"env,omitempty"`
	Region  string `json:"region,omitempty"`
	BaseURL string `json:"base_url,omitempty"`
	Store   string `json:"store,omitempty"`   // StoreKeyring or StoreFile
	Account string `json:"account,omitempty"` // who signed in last, with a phone number or an address only in part
	Current bool   `json:"current,omitempty"` // whether it is used if no other is named
}

var profileName = regexp.MustCompile(`^[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

const (
	profilesDir      = "profiles"
	profileExtension = ".json"
	currentFile      = "current-profile"
	maxProfileSize   = 1 << 16
	maxProfileName   = 64
)

// errNoProfile: a file has something else than it should.
var errNoProfile = errors.New("it is no profile; delete it")

// errMayStay: a damaged profile is deleted, and did not say where its session is.
var errMayStay = errors.New("clikit: the damaged profile is deleted, but its session may still be stored")

// Profiles returns the stored profiles, sorted by name, without damaged files.
func (k *Kit) Profiles() ([]Profile, error) {
	dir, err := k.dir()
	if err != nil {
		return nil, err
	}
	set := k.setting("--profile", k.Flags.Profile, varProfile)
	if set.Value == "" {
		if set, err = k.currentProfile(); err != nil {
			return nil, err
		}
	}
	entries, err := os.ReadDir(filepath.Join(dir, profilesDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &StorageError{Err: err}
	}
	all := []Profile{}
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), profileExtension)
		if !ok || !profileName.MatchString(name) {
			continue
		}
		p, err := k.readProfile(name)
		if errors.Is(err, errNoProfile) {
			continue
		}
		if err != nil {
			return nil, err
		}
		p.Current = name == set.Value
		all = append(all, *p)
	}
	return all, nil
}

// UseProfile makes a profile the default: it is used if no other is named. If no user has signed in with it, and it is not
// [DefaultProfile], the error is a *[UsageError].
func (k *Kit) UseProfile(name string) error {
	if err := k.known(name); err != nil {
		return err
	}
	dir, err := k.dir()
	if err != nil {
		return err
	}
	return k.write(filepath.Join(dir, currentFile), []byte(name+"\n"))
}

// DeleteProfile signs out as [Kit.Logout] does, and removes the profile. If the profile was in use, [DefaultProfile] is
// used again.
//
// If the profile's file is damaged, it signs out with the settings of flags, variables and defaults. If there is no session
// with these, it removes the file, and the error says that a session may still be stored.
func (k *Kit) DeleteProfile(ctx context.Context, name string) error {
	if err := k.known(name); err != nil {
		return err
	}
	out := k.signOutOf(ctx, name)
	if out != nil && !errors.Is(out, errNotRevoked) && !errors.Is(out, errMayStay) {
		return out
	}
	dir, err := k.dir()
	if err != nil {
		return err
	}
	current, err := k.currentProfile()
	if err == nil && current.Value == name {
		err = removed(filepath.Join(dir, currentFile))
	}
	if err == nil {
		err = removed(profileFile(dir, name))
	}
	return errors.Join(out, err)
}

// signOutOf signs out of a profile that is to be deleted.
func (k *Kit) signOutOf(ctx context.Context, name string) error {
	p, err := k.readProfile(name)
	if err == nil {
		_, err = k.logout(ctx, p.settings(), LogoutOptions{})
		return err
	}
	if !errors.Is(err, errNoProfile) {
		return err
	}
	set, err := k.settingsWith(Setting{name, FromProfile}, &Profile{})
	if err != nil {
		return err
	}
	there, err := k.logout(ctx, set, LogoutOptions{})
	if err == nil && !there {
		err = errMayStay
	}
	return err
}

// known fails unless something is remembered under a name.
func (k *Kit) known(name string) error {
	dir, err := k.dir()
	if err == nil {
		err = k.checkProfileName(name)
	}
	if err != nil || name == DefaultProfile {
		return err
	}
	if _, err := os.Stat(profileFile(dir, name)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return k.misuse(noProfile, name)
		}
		return &StorageError{Err: err}
	}
	return nil
}

// currentProfile is the one that UseProfile chose.
func (k *Kit) currentProfile() (Setting, error) {
	dir, err := k.dir()
	if err != nil {
		return Setting{}, err
	}
	text, err := readSmall(filepath.Join(dir, currentFile))
	if err != nil {
		return Setting{}, err
	}
	if name := strings.TrimSpace(string(text)); profileName.MatchString(name) {
		return Setting{name, FromProfile}, nil
	}
	return Setting{DefaultProfile, FromDefault}, nil
}

// readProfile returns the stored profile with a name, or an empty one.
func (k *Kit) readProfile(name string) (*Profile, error) {
	if err := k.checkProfileName(name); err != nil {
		return nil, err
	}
	dir, err := k.dir()
	if err != nil {
		return nil, err
	}
	p := &Profile{}
	text, err := readSmall(profileFile(dir, name))
	if err != nil {
		return nil, err
	}
	if text != nil {
		if err := json.Unmarshal(text, p); err != nil {
			return nil, &StorageError{Path: profileFile(dir, name), Err: errNoProfile}
		}
	}
	p.Name, p.Current = name, false
	return p, nil
}

// writeProfile remembers a profile.
func (k *Kit) writeProfile(p *Profile) error {
	dir, err := k.dir()
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return k.write(profileFile(dir, p.Name), append(text, '\n'))
}

// canWriteProfile makes sure that a profile can be written, before a message is paid for.
func (k *Kit) canWriteProfile() error {
	dir, err := k.dir()
	if err != nil {
		return err
	}
	probe := profileFile(dir, DefaultProfile) + ".probe" // is no profile
	return errors.Join(k.write(probe, nil), removed(probe))
}

func (k *Kit) write(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return &StorageError{Err: err}
	}
	if err := wholefile.Write(name, text); err != nil {
		return &StorageError{Err: err}
	}
	return nil
}

// settings are the settings of a profile alone.
func (p *Profile) settings() *Settings {
	of := func(value string) Setting { return Setting{value, FromProfile} }
	return &Settings{Profile: of(p.Name), Env: of(p.Env), Region: of(p.Region), BaseURL: of(p.BaseURL), Store: of(p.Store).or(StoreAuto, FromDefault)}
}

func (k *Kit) checkProfileName(name string) error {
	if len(name) > maxProfileName || !profileName.MatchString(name) {
		return k.misuse(badProfile)
	}
	return nil
}

func profileFile(dir, name string) string {
	return filepath.Join(dir, profilesDir, name+profileExtension)
}

// readSmall returns the content of a file, or nil if there is none.
func readSmall(name string) ([]byte, error) {
	file, err := os.Open(name) //nolint:gosec // G304: below the directory that the user chose
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &StorageError{Err: err}
	}
	defer func() { _ = file.Close() }() // nothing is lost by closing what was read
	text, err := io.ReadAll(io.LimitReader(file, maxProfileSize+1))
	switch {
	case err != nil:
		return nil, &StorageError{Err: err}
	case len(text) > maxProfileSize:
		return nil, &StorageError{Path: name, Err: errNoProfile}
	}
	return text, nil
}

// removed removes a file that may be gone already.
func removed(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &StorageError{Err: err}
	}
	return nil
}
