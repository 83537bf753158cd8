package authtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// readControl decodes the JSON body of a control call and answers a bad one itself. Names that it does not know are bad.
func readControl(w http.ResponseWriter, r *http.Request, to any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		controlRefusal(w, http.StatusBadRequest, "the body is not the JSON object that is wanted here: "+err.Error())
		return false
	}
	return true
}

// controlUser is a User in the control API.
type controlUser struct {
	Sub        string            `json:"sub,omitempty"`
	Username   string            `json:"username,omitempty"`
	Password   string            `json:"password,omitempty"`
	Phone      string            `json:"phone_number,omitempty"`
	Email      string            `json:"email,omitempty"`
	Name       string            `json:"name,omitempty"`
	Picture    string            `json:"picture,omitempty"`
	Groups     []string          `json:"groups,omitempty"`
	Identities map[string]string `json:"identities,omitempty"`
	Blocked    bool              `json:"blocked,omitempty"`
	Pending    bool              `json:"pending,omitempty"`
}

// controlUsers is GET /_emulator/users: the accounts without their passwords, the oldest first.
func (s *Server) controlUsers(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	all := make([]*user, 0, len(s.state.users))
	for _, u := range s.state.users {
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b *user) int {
		if c := a.created.Compare(b.created); c != 0 {
			return c
		}
		return strings.Compare(a.Sub, b.Sub)
	})
	users := make([]controlUser, 0, len(all))
	for _, u := range all {
		shown := controlUser(u.User)
		shown.Password = ""
		users = append(users, shown)
	}
	answer := marshal(map[string]any{"users": users})
	s.mu.Unlock()
	controlAnswer(w, http.StatusOK, json.RawMessage(answer))
}

// controlSeed is POST /_emulator/users with an account as GET answers it: Seed.
func (s *Server) controlSeed(w http.ResponseWriter, r *http.Request) {
	var in controlUser
	if !readControl(w, r, &in) {
		return
	}
	if err := s.seed(User(in)); err != nil {
		controlRefusal(w, http.StatusBadRequest, err.Error())
		return
	}
	controlAnswer(w, http.StatusOK, struct{}{})
}

// controlFault is a Fault in the control API.
type controlFault struct {
	Operation string `json:"operation"`
	Times     int    `json:"times,omitempty"`
	Delay     string `json:"delay,omitempty"` // "1.5s"
	Close     string `json:"close,omitempty"` // before_commit or after_commit
	Body      string `json:"body,omitempty"`  // cut_body or bad_json
	Status    int    `json:"status,omitempty"`
	Word      string `json:"error,omitempty"`
	Number    int    `json:"error_code,omitempty"`
	Text      string `json:"error_description,omitempty"`
	Fired     int    `json:"fired"` // in answers
}

var (
	closeNames  = []string{"", "before_commit", "after_commit"}
	damageNames = []string{"", "cut_body", "bad_json", "html"}
)

// controlFaults is GET /_emulator/faults: those in force, the oldest first, with the number of calls that each has hit.
func (s *Server) controlFaults(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	faults := make([]controlFault, 0, len(s.state.faults))
	for _, i := range s.state.faults {
		f := i.fault
		out := controlFault{
			Operation: f.Operation, Times: f.Times, Close: closeNames[f.Close], Body: damageNames[f.Body], Fired: i.fired,
		}
		if f.Delay > 0 {
			out.Delay = f.Delay.String()
		}
		if f.Error != nil {
			out.Status, out.Word, out.Number, out.Text = f.Error.status(), f.Error.Word, f.Error.Number, f.Error.Description
		}
		faults = append(faults, out)
	}
	s.mu.Unlock()
	controlAnswer(w, http.StatusOK, map[string]any{"faults": faults})
}

// controlInject is POST /_emulator/faults with a fault as GET answers it: Fault.
func (s *Server) controlInject(w http.ResponseWriter, r *http.Request) {
	var in controlFault
	if !readControl(w, r, &in) {
		return
	}
	f := Fault{
		Operation: in.Operation, Times: in.Times,
		Close: Close(slices.Index(closeNames, in.Close)), Body: Damage(slices.Index(damageNames, in.Body)),
	}
	if in.Delay != "" {
		var err error
		if f.Delay, err = time.ParseDuration(in.Delay); err != nil {
			controlRefusal(w, http.StatusBadRequest, "delay is not a duration, such as 1.5s")
			return
		}
	}
	if in.Word != "" || in.Status != 0 || in.Number != 0 || in.Text != "" {
		f.Error = &Error{Status: in.Status, Word: in.Word, Number: in.Number, Description: in.Text}
	}
	if _, err := s.inject(f); err != nil {
		controlRefusal(w, http.StatusBadRequest, err.Error())
		return
	}
	controlAnswer(w, http.StatusOK, struct{}{})
}

// controlCaptchas is GET /_emulator/captchas: the pictures that can still be tried, newest first, with what a person would
// read in them.
func (s *Server) controlCaptchas(w http.ResponseWriter, _ *http.Request) {
	type entry struct {
		Token  string `json:"token"`
		Answer string `json:"answer"`
	}
	captchas := []entry{}
	s.mu.Lock()
	for _, p := range slices.Backward(s.state.pictures) {
		if s.picture(p.token) == p {
			captchas = append(captchas, entry{p.token, p.answer})
		}
	}
	s.mu.Unlock()
	controlAnswer(w, http.StatusOK, map[string]any{"captchas": captchas})
}
