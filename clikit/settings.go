package clikit

import (
	"slices"
	"strings"
)

// The settings of a tool, as its environment variables end. How they begin says Config.EnvPrefix.
const (
	varEnv       = "ENV"
	varRegion    = "REGION"
	varBaseURL   = "BASE_URL"
	varProfile   = "PROFILE"
	varStore     = "STORE"
	varConfigDir = "CONFIG_DIR"
)

// The sources of a [Setting], besides the name of a flag or of an environment variable.
const (
	FromProfile = "profile" // stored by the last sign-in with this profile
	FromDefault = "default" // the tool's default
)

// Setting is a value in use, and its source: for example "--env", "TCB_ENV", FromProfile or FromDefault.
type Setting struct {
	Value  string `json:"value"`
	Source string `json:"source"`
}

// Settings are the settings of a command. A flag overrides an environment variable, which overrides the profile, which
// overrides the tool's default. The region and the server of a profile belong to its environment: they do not count if
// another environment is chosen.
type Settings struct {
	Profile Setting `json:"profile"`
	Env     Setting `json:"env"`
	Region  Setting `json:"region"`
	BaseURL Setting `json:"base_url"`
	Store   Setting `json:"store"` // StoreAuto until a store is chosen
}

// Settings returns the settings in use. It reads the profile.
func (k *Kit) Settings() (*Settings, error) {
	name := k.setting("--profile", k.Flags.Profile, varProfile)
	if name.Value == "" {
		current, err := k.currentProfile()
		if err != nil {
			return nil, err
		}
		name = current
	}
	profile, err := k.readProfile(name.Value)
	if err != nil {
		return nil, err
	}
	return k.settingsWith(name, profile)
}

// settingsWith are the settings in use with what a profile has.
func (k *Kit) settingsWith(name Setting, profile *Profile) (*Settings, error) {
	set := &Settings{Profile: name}
	set.Env = k.setting("--env", k.Flags.Env, varEnv).or(profile.Env, FromProfile).or(k.cfg.Env, FromDefault)
	set.Region = k.setting("--region", k.Flags.Region, varRegion)
	set.BaseURL = k.setting("--base-url", k.Flags.BaseURL, varBaseURL)
	if profile.Env == set.Env.Value {
		set.Region = set.Region.or(profile.Region, FromProfile)
		set.BaseURL = set.BaseURL.or(profile.BaseURL, FromProfile)
	}
	set.Region = set.Region.or(k.cfg.Region, FromDefault)
	set.BaseURL = set.BaseURL.or(k.cfg.BaseURL, FromDefault)

	set.Store = k.setting("--store", k.Flags.Store, varStore)
	switch set.Store.Value {
	case StoreKeyring, StoreFile:
	case "", StoreAuto:
		set.Store = Setting{profile.Store, FromProfile}.or(StoreAuto, FromDefault)
	default:
		return nil, k.unusable(set.Store, badStore)
	}
	return set, nil
}

// setting returns the value of a flag, or else of an environment variable.
func (k *Kit) setting(flag, value, variable string) Setting {
	if value != "" {
		return Setting{value, flag}
	}
	value, _ = k.variable(variable)
	return Setting{}.or(value, k.variableName(variable))
}

// or returns s, or if that has no value the one given.
func (s Setting) or(value, source string) Setting {
	if s.Value == "" && value != "" {
		return Setting{value, source}
	}
	if s.Source == "" || s.Value == "" {
		s.Source = FromDefault
	}
	return s
}

// storeChosen reports whether it is known where the sessions of the profile lie.
func (s *Settings) storeChosen() bool { return s.Store.Value != StoreAuto }

// variableName is the whole name of an environment variable.
func (k *Kit) variableName(variable string) string {
	prefix := k.cfg.EnvPrefix
	if prefix == "" {
		prefix = "TCBAUTH"
		switch variable {
		case varEnv, varRegion, varBaseURL:
			prefix = "TCB"
		}
	}
	return strings.TrimSuffix(prefix, "_") + "_" + variable
}

// variable is the value of an environment variable. An empty one is none.
func (k *Kit) variable(variable string) (string, bool) {
	value, _ := k.cfg.LookupEnv(k.variableName(variable))
	return value, value != ""
}

// flags are the flags with which a later command has the same settings. They name a profile that came from a variable too:
// it says whose session it is, and the variable may have been set for one command.
func (s *Settings) flags() []string {
	var flags []string
	if s.Profile.Source != FromProfile && s.Profile.Source != FromDefault { // without a flag another one may be in use
		flags = append(flags, "--profile", s.Profile.Value)
	}
	for _, of := range []Setting{s.Env, s.Region, s.BaseURL, s.Store} {
		if strings.HasPrefix(of.Source, "--") {
			flags = append(flags, of.Source, of.Value)
		}
	}
	return flags
}

// command is a command line for the user to type.
func command(words, flags []string) string { return strings.Join(slices.Concat(words, flags), " ") }
