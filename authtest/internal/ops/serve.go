package ops

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/answer"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// Handler answers the auth API of an environment, and has the pages of its fake third parties.
func Handler(s *service.Service) http.Handler {
	return withThirdParties(s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(s, w, r) }))
}

// serve answers one request of the auth API.
func serve(s *service.Service, w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	c := &call{request: r, token: bearerToken(r)}
	op, params, refused := route(r.Method, r.URL.EscapedPath())
	c.params = params
	if bad := c.readBody(w); refused == nil {
		refused = bad
	}
	entry, logged, fault := arrive(s, op, c)
	entry.Fault = cut(fault.String())
	defer report(s, entry, c)
	settle := func() {
		entry.Duration = time.Since(began)
		s.Lock()
		defer s.Unlock()
		s.Log.Settle(logged, entry)
	}
	if fault.Delay > 0 && !sleep(r.Context(), fault.Delay) || fault.Close == service.BeforeCommit {
		settle()
		panic(http.ErrAbortHandler)
	}
	if fault.Error != nil {
		refused = fault.Error
	}
	var out any
	if refused == nil {
		c.open()
		out, refused = carryOut(s, op, c)
		switch unfinished := out.(type) {
		case service.Pending:
			out = unfinished.Finish(s)
		case late:
			out = unfinished()
		}
	}
	if fault.Close == service.AfterCommit {
		settle()
		panic(http.ErrAbortHandler)
	}
	status := http.StatusOK
	if refused != nil {
		status, out = refused.HTTPStatus(), refused.Body(s.Code)
		entry.Error, entry.Description, entry.Rule = cut(refused.Code), cut(refused.Description), refused.Rule
	}
	entry.Status = status
	if fault.Body == service.HTML {
		entry.Status = cmp.Or(fault.Status, http.StatusBadGateway)
	}
	settle()
	if id := r.Header.Get("X-Request-Id"); id != "" {
		w.Header().Set("X-Request-Id", id)
	}
	send(w, fault, status, answer.JSON(out))
	_ = http.NewResponseController(w).Flush() // the functions that are told of it may take their time
}

// report tells the functions of WithOnMessage and WithOnRequest what a call has done.
func report(s *service.Service, entry *service.Request, c *call) {
	if s.OnMessage != nil && c.sent != nil {
		s.OnMessage(*c.sent)
	}
	if s.OnRequest != nil {
		s.OnRequest(*entry)
	}
}

// carryOut is the part of a call that reads and changes the server's state.
func carryOut(s *service.Service, op *operation, c *call) (any, *refusal.Error) {
	s.Lock()
	defer s.Unlock()
	s.Arrive()
	if refused := checkClient(s, c, op.auth == client); refused != nil {
		return nil, refused
	}
	if op.auth == bearer || op.auth == expiredToken {
		find := s.Sessions.Of
		if op.auth == expiredToken {
			find = s.Sessions.OfExpired
		}
		if c.session = find(c.token); c.session == nil {
			return nil, refusal.Unauthenticated()
		}
	}
	if s.Captchas.Required(op.Name) {
		if refused := needCaptcha(s, c); refused != nil {
			return nil, byRule("captcha", refused)
		}
	}
	return op.handle(s, c)
}

// sleep waits for d and reports whether it was left to.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
