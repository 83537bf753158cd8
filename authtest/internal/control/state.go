package control

import (
	"errors"
	"io"
	"net/http"

	"github.com/cloudbase-community/tcbauth/authtest/internal/answer"
)

// maxState is the largest state that is read.
const maxState = 64 << 20

// getState is GET state: SaveState.
func (s control) getState(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); !ok {
		return
	}
	state, err := s.Save()
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	answer.Write(w, http.StatusOK, answer.JSONType, state, len(state))
}

// putState is PUT state: LoadState.
func (s control) putState(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); !ok {
		return
	}
	state, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxState))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		refuse(w, http.StatusRequestEntityTooLarge, "the state is larger than 64 MiB")
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "the state could not be read")
		return
	}
	done(w, s.Load(state))
}
