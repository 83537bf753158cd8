package authtest

import "time"

// Now is the server's time: that of the process, or of the synctest bubble, plus what Advance has added. The method
// value srv.Now is made for a client's clock option, so that both sides agree. It is safe for concurrent use.
func (s *Server) Now() time.Time { return s.service.Now() }

// Advance moves the server's clock forward by d; nothing waits for it and no timer fires because of it. A negative d, or
// more than 100 years in all, fails the test, or panics if the server was made by Listen. It is safe for concurrent use.
func (s *Server) Advance(d time.Duration) {
	s.helper()
	if err := s.service.Advance(d); err != nil {
		s.fatalf("Advance: %v", err)
	}
}
