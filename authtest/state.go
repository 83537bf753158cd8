package authtest

import (
	"fmt"
	"slices"

	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// SaveState returns the people with hashes of their passwords, the sessions, the fixed codes, the keys and the clock, as JSON
// for LoadState. Rules are not in it, nor what lives for minutes only, such as codes. The keys make it a secret: who has it
// can sign tokens of this server, though of no other.
func (s *Server) SaveState() ([]byte, error) { return s.service.Save() }

// LoadState puts what SaveState has written, on this or another server of the same environment, in the place of all people,
// sessions and whatever else there is. Tokens of then are good again. After an error nothing has changed.
func (s *Server) LoadState(state []byte) error {
	if err := s.service.Load(state); err != nil {
		return fmt.Errorf("authtest: LoadState: %w", err)
	}
	return nil
}

// LoadSeed adds the accounts and fixed codes of a seed file to those there are, as WithSeed does at the start, and Reset brings back
// these from now on, in place of those of the start. After an error nothing has changed. One with the sub of an account that
// exists replaces it, as in Seed. Rules are those of the start: what the file says of them is read, and changes nothing.
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
