package service

// This file has the changes of rules while an environment runs.

// Rules returns the rules in force. It takes the lock.
func (s *Service) Rules() Rules {
	s.Lock()
	defer s.Unlock()
	return s.rules()
}

// StartRulesAgain puts the rules in force with which the environment was started, as a reset does. It takes the lock.
func (s *Service) StartRulesAgain() error {
	return s.ChangeRules(func(r *Rules) error {
		*r = s.started
		return nil
	})
}

// ChangeRules puts what change makes of the rules in force, from the next call on. Sessions and codes that there are keep their
// lifetimes. The names of operations must be right; package ops checks them. It takes the lock.
func (s *Service) ChangeRules(change func(*Rules) error) error {
	s.Lock()
	defer s.Unlock()
	r := s.rules()
	if err := change(&r); err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	s.apply(&r)
	s.Changed()
	return nil
}
