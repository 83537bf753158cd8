package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/jsonin"
	"github.com/cloudbase-community/tcbauth/authtest/internal/ops"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// This file has what changes or ends one thing that is named by its id, and the rules.

// replaced is a map that JSON replaces; into a plain one it would add.
type replaced map[string]string

// UnmarshalJSON reads an object, or null.
func (m *replaced) UnmarshalJSON(text []byte) error {
	*m = nil
	return json.Unmarshal(text, (*map[string]string)(m))
}

// patchUser is PATCH users/{sub} with the fields of a user that change, each of which replaces all that the field was. A password of
// "" takes the password away.
func (s control) patchUser(w http.ResponseWriter, r *http.Request) {
	body, ok := readRaw(w, r)
	if !ok {
		return
	}
	done(w, s.EditUser(r.PathValue("sub"), func(p *service.Person) (keepPassword bool, err error) {
		in := struct {
			*service.Person
			Password   *string  `json:"password"`
			Identities replaced `json:"identities"`
		}{Person: p, Identities: p.Identities}
		sub := p.Sub
		if err := decode(body, &in); err != nil {
			return false, err
		}
		if p.Sub != sub {
			return false, errors.New("the sub of a user does not change")
		}
		p.Identities = in.Identities
		if in.Password != nil {
			p.Password = *in.Password
		}
		return in.Password == nil, nil
	}))
}

// deleteUser is DELETE users/{sub}: the user is gone, with all sessions.
func (s control) deleteUser(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); ok {
		done(w, s.DeleteUser(r.PathValue("sub")))
	}
}

// deleteSessions is DELETE sessions?sub=: a user is signed out everywhere.
func (s control) deleteSessions(w http.ResponseWriter, r *http.Request) {
	query, ok := readQuery(w, r, "sub")
	if !ok {
		return
	}
	if !query.Has("sub") {
		refuse(w, http.StatusBadRequest, "sub is required")
		return
	}
	done(w, s.SignOutUser(query.Get("sub")))
}

// deleteSession is DELETE sessions/{id}: one session ends.
func (s control) deleteSession(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); ok {
		done(w, s.EndSession(r.PathValue("id")))
	}
}

// deleteFault is DELETE faults/{id}: one fault ends.
func (s control) deleteFault(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); !ok {
		return
	}
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		refuse(w, http.StatusNotFound, "the id of a fault is a number")
		return
	}
	done(w, s.LiftFault(id))
}

// getRules is GET rules: those in force that can change while the server runs, by the names of a seed.
func (s control) getRules(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); ok {
		reply(w, s.Rules())
	}
}

// patchRules is PATCH rules with those that change. It answers all of them.
func (s control) patchRules(w http.ResponseWriter, r *http.Request) {
	body, ok := readRaw(w, r)
	if !ok {
		return
	}
	if err := ops.ChangeRules(s.Service, func(rules *service.Rules) error { return decode(body, rules) }); err != nil {
		done(w, err)
		return
	}
	reply(w, s.Rules())
}

// deleteRules is DELETE rules: those of the start are in force again. It answers them.
func (s control) deleteRules(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); !ok {
		return
	}
	if err := s.StartRulesAgain(); err != nil {
		done(w, err)
		return
	}
	reply(w, s.Rules())
}

// getDevices is GET devices: those that wait for a decision, the newest first, maxListed at most.
func (s control) getDevices(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); !ok {
		return
	}
	type view struct {
		UserCode string    `json:"user_code"`
		ClientID string    `json:"client_id"`
		Expires  time.Time `json:"expires_at"`
	}
	devices := []view{}
	s.Lock()
	waiting, _ := s.Devices.Newest(maxListed)
	for _, d := range waiting {
		devices = append(devices, view{d.UserCode, d.ClientID, d.Expires})
	}
	s.Unlock()
	reply(w, map[string]any{"devices": devices})
}

// getQRCodes is GET qrcodes: those that wait to be scanned, the newest first, maxListed at most.
func (s control) getQRCodes(w http.ResponseWriter, r *http.Request) {
	if _, ok := readQuery(w, r); !ok {
		return
	}
	type view struct {
		ID      string    `json:"qr_code_id"`
		Expires time.Time `json:"expires_at"`
	}
	codes := []view{}
	s.Lock()
	waiting, _ := s.QRCodes.Newest(maxListed)
	for _, c := range waiting {
		codes = append(codes, view{c.ID, c.Expires})
	}
	s.Unlock()
	reply(w, map[string]any{"qrcodes": codes})
}

// maxListed bounds the lists of what waits.
const maxListed = 1000

// readRaw returns the body of a call, or answers one that it cannot read.
func readRaw(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	if _, ok := readQuery(w, r); !ok {
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, ops.MaxBody))
	if refuseBody(w, err) {
		return nil, false
	}
	return body, true
}

// decode decodes a body over what is there.
func decode(body []byte, to any) error {
	if err := jsonin.Decode(bytes.NewReader(body), to); err != nil {
		return errors.New(notWanted + err.Error())
	}
	return nil
}
