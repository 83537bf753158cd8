package ops

import (
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// getCerts is GET certs: the public keys of the tokens, asked for without any authorization (WIRE.md section 6.4).
func getCerts(s *service.Service, _ *call) (any, *refusal.Error) {
	good := s.Keys()
	return late(func() any {
		var set jose.JSONWebKeySet
		for _, key := range slices.Backward(good()) {
			set.Keys = append(set.Keys, key.Public)
		}
		return set
	}), nil
}
