package control

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest/internal/answer"
	"github.com/cloudbase-community/tcbauth/authtest/internal/jsonin"
	"github.com/cloudbase-community/tcbauth/authtest/internal/ops"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// root is the path of the page, and before those of the API.
const root = "/_emulator/"

// control is the API on one environment.
type control struct{ *service.Service }

// readQuery returns the query of a control call and answers one that has a name it does not know, or a name twice.
func readQuery(w http.ResponseWriter, r *http.Request, names ...string) (url.Values, bool) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		refuse(w, http.StatusBadRequest, "the query is malformed")
		return nil, false
	}
	for name, values := range query {
		if !slices.Contains(names, name) || len(values) > 1 {
			refuse(w, http.StatusBadRequest, "the query may have once each: "+strings.Join(names, ", "))
			return nil, false
		}
	}
	return query, true
}

// readBody decodes the JSON body of a control call, whatever its Content-Type, and answers a bad one itself. Names that
// it does not know are bad.
func readBody(w http.ResponseWriter, r *http.Request, to any) bool {
	if _, ok := readQuery(w, r); !ok {
		return false
	}
	return !refuseBody(w, jsonin.Decode(http.MaxBytesReader(w, r.Body, ops.MaxBody), to))
}

// notWanted begins what is said of a bad body.
const notWanted = "the body is not the JSON object that is wanted here: "

// refuseBody answers a body that could not be read, and says whether it did.
func refuseBody(w http.ResponseWriter, err error) bool {
	if err == nil {
		return false
	}
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		refuse(w, http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB")
	} else {
		refuse(w, http.StatusBadRequest, notWanted+err.Error())
	}
	return true
}

// done answers {}, or says why not; what is not there is HTTP 404.
func done(w http.ResponseWriter, err error) {
	if err == nil {
		reply(w, struct{}{})
		return
	}
	if _, missing := errors.AsType[*service.Missing](err); missing {
		refuse(w, http.StatusNotFound, err.Error())
	} else if why, ok := errors.AsType[*service.PersonError](err); ok {
		refuse(w, http.StatusBadRequest, why.JSON())
	} else {
		refuse(w, http.StatusBadRequest, err.Error())
	}
}

func refuse(w http.ResponseWriter, status int, description string) {
	body := answer.JSON((&refusal.Error{Code: http.StatusText(status), Description: description}).Body(refusal.CodeNever))
	answer.Write(w, status, answer.JSONType, body, len(body))
}

func reply(w http.ResponseWriter, out any) {
	body := answer.JSON(out)
	answer.Write(w, http.StatusOK, answer.JSONType, body, len(body))
}
