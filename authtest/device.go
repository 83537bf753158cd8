package authtest

// ApproveDevice approves the sign-in of the device that shows a user code, as the account with this id, like POST
// user/device/authorize. If no device waits with the code, or the id is unknown, the test fails, or ApproveDevice panics if
// Listen made the server.
func (s *Server) ApproveDevice(userCode, sub string) {
	s.helper()
	if err := s.service.ApproveDevice(userCode, sub); err != nil {
		s.fatalf("ApproveDevice: %v", err)
	}
}

// DenyDevice refuses the sign-in of the device that shows a user code, with access_denied. If no device waits with the
// code, the test fails, or DenyDevice panics if Listen made the server.
func (s *Server) DenyDevice(userCode string) {
	s.helper()
	if err := s.service.DenyDevice(userCode); err != nil {
		s.fatalf("DenyDevice: %v", err)
	}
}
