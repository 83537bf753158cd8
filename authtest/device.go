package authtest

// ApproveDevice lets the device that shows a user code sign in as the account with this id, as POST
// user/device/authorize does. A code that waits for nobody and an unknown id fail the test, or panic if the server was
// made by Listen.
func (s *Server) ApproveDevice(userCode, sub string) {
	s.helper()
	if err := s.service.ApproveDevice(userCode, sub); err != nil {
		s.fatalf("ApproveDevice: %v", err)
	}
}

// DenyDevice makes the device that shows a user code be refused with access_denied. A code that waits for nobody fails
// the test, or panics if the server was made by Listen.
func (s *Server) DenyDevice(userCode string) {
	s.helper()
	if err := s.service.DenyDevice(userCode); err != nil {
		s.fatalf("DenyDevice: %v", err)
	}
}
