package authtest

import "time"

// Now returns the server's time: the time of the process, or of the synctest bubble, plus all of Advance. Pass the method
// value srv.Now to a client's clock option, so that both sides agree. It is safe for concurrent use.
func (s *Server) Now() time.Time { return s.service.Now() }

// Advance moves the server's clock forward by d. Nothing waits for it, and it fires no timer. A negative d, or more than
// 100 years in all, fails the test, or panics if Listen made the server. It is safe for concurrent use.
func (s *Server) Advance(d time.Duration) {
	s.helper()
	if err := s.service.Advance(d); err != nil {
		s.fatalf("Advance: %v", err)
	}
}
