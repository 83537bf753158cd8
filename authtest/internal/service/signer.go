package service

import (
	"slices"

	"github.com/cloudbase-community/tcbauth/authtest/internal/keys"
)

// signer has the environment's keys, of which the newest signs. The first ones are those of a state that was loaded; those of
// the process follow.
type signer struct {
	loaded []keys.Signing
	number int // of keys, but for the first
}

// newest returns a function for the key that signs now, also if another one signs when it is called. The function is for the
// environment unlocked: it makes a key that is used for the first time.
func (s *signer) newest() func() keys.Signing {
	now := *s
	return func() keys.Signing { return now.at(now.number) }
}

func (s *signer) at(i int) keys.Signing {
	if i < len(s.loaded) {
		return s.loaded[i]
	}
	return keys.At(i - len(s.loaded))
}

// keys are those whose tokens are good, the oldest first.
func (s *signer) keys() []keys.Signing {
	if more := s.number + 1 - len(s.loaded); more > 0 {
		return slices.Concat(s.loaded, keys.First(more))
	}
	return s.loaded[:s.number+1]
}
