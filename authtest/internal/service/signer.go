package service

import "github.com/cloudbase-community/tcbauth/authtest/internal/keys"

// signer has the environment's keys, of which the newest signs.
type signer struct{ rotation int } // how often the key was rotated

func (s *signer) newest() keys.Signing { return keys.At(s.rotation) }

// keys are those whose tokens are good, the oldest first.
func (s *signer) keys() []keys.Signing { return keys.First(s.rotation + 1) }
