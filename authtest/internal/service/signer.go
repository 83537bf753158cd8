package service

import "github.com/cloudbase-community/tcbauth/authtest/internal/keys"

// signer signs with the newest of the environment's keys.
type signer struct{ rotation int } // how often the key was rotated

func (s *signer) sign(claims any) string { return keys.At(s.rotation).Sign(claims) }

// keys are those whose tokens are good, the oldest first. The last one signs.
func (s *signer) keys() []keys.Signing { return keys.First(s.rotation + 1) }
