package service

import (
	"sync"

	"github.com/cloudbase-community/tcbauth/authtest/internal/keys"
)

// Pending is the answer of a call whose token is still to be signed. That takes most of a millisecond, and so nobody has to
// wait for it with the environment locked.
type Pending struct {
	key    func() keys.Signing
	claims any
	keep   func(token string) (answer any) // runs with the environment locked
}

// Finish signs the token, makes it good, and returns the answer that has it. It takes the
// environment's lock.
func (p Pending) Finish(environment sync.Locker) any {
	token := p.key().Sign(p.claims)
	environment.Lock()
	defer environment.Unlock()
	return p.keep(token)
}
