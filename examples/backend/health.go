package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// healthy is GET /healthz: the process answers. What it needs of others is no reason to restart it.
func healthy(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

// readyLimit is how long the store and the keys may take.
const readyLimit = 2 * time.Second

// ready is GET /readyz: visitors can be served. The store must answer, and the keys of access tokens must be at hand: they are
// fetched once and again when they are old, not with each request.
func (s *service) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyLimit)
	defer cancel()
	_, err := s.store.Get(ctx, "readyz") // which is not there
	if errors.Is(err, tcbauth.ErrNotFound) {
		err = s.verifier.Prefetch(ctx)
	}
	if err != nil {
		s.log.WarnContext(ctx, "not ready", slog.Any("error", err))
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
