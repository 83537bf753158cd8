package service

import (
	"github.com/cloudbase-community/tcbauth/authtest/internal/keys"
)

// signer has the environment's keys, of which the newest signs. The first ones are those of a state that was loaded; those of
// the process follow.
type signer struct {
	loaded []keys.Signing
	next   int // the number of the process's key that follows
	number int // of keys, but for the first
}

// signerOf returns a signer with the keys of a state. A state of this process has keys of the process, which do not follow again.
func signerOf(loaded []keys.Signing) signer {
	return signer{loaded: loaded, next: keys.After(loaded), number: len(loaded) - 1}
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
	return keys.At(s.next + i - len(s.loaded))
}

// keys are those whose tokens are good, the oldest first.
func (s *signer) keys() []keys.Signing {
	all := make([]keys.Signing, s.number+1)
	for i := range all {
		all[i] = s.at(i)
	}
	return all
}
