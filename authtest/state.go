package authtest

import (
	"fmt"
	"slices"

	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// SaveState returns the users with hashes of their passwords, the sessions, the fixed codes, the keys and the clock, as
// JSON for LoadState. It contains neither rules nor short-lived values such as codes. It contains the keys, so it is a
// secret: whoever has it can sign tokens of this server, but of no other.
func (s *Server) SaveState() ([]byte, error) { return s.service.Save() }

// LoadState replaces the whole state of the server by one that SaveState has returned, on this or another server of the
// same environment. Tokens from then are valid again. Options and rules stay as they are. Everything else that Reset forgets is
// forgotten: faults, counts and requests too, and faults that have not fired do not fail the test. After an error nothing has changed.
func (s *Server) LoadState(state []byte) error {
	if err := s.service.Load(state); err != nil {
		return fmt.Errorf("authtest: LoadState: %w", err)
	}
	return nil
}

// LoadSeed adds the accounts and fixed codes of a seed file to the existing ones, as WithSeed does at the start. From now
// on Reset restores these instead of those of the start. An account with the sub of an existing one replaces it, as in
// Seed. Rules in the file are checked but not applied. After an error nothing has changed.
func (s *Server) LoadSeed(file []byte) error { return LoadSeeds(file, s) }

// LoadSeeds is [Server.LoadSeed] for several servers: if one of them cannot take the file, nothing has changed in any.
func LoadSeeds(file []byte, servers ...*Server) error {
	loading := make([]service.Loading, 0, len(servers))
	for i, s := range servers {
		if slices.Contains(servers[:i], s) {
			continue
		}
		cfg, err := newConfig([]Option{WithEnv(s.Env), WithSeed(file)})
		if err != nil {
			return err
		}
		loading = append(loading, service.Loading{Into: s.service, People: cfg.Seeds, Codes: cfg.SeedCodes})
	}
	return service.LoadSeeds(loading)
}
