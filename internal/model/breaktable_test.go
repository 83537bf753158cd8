package model_test

// brokenBy is a deliberate break of one of the engine's rules, made in a copy of its source. A break must compile: mind
// what is no longer used.
type brokenBy struct {
	name    string
	rule    int    // of the package comment of internal/session
	file    string // from the module's root
	old     string // a part of the file, exactly once in it
	replace string // what stands there instead
	store   string // on which it is looked for: memory, file or redis; "" is memory
}

var breaks = []brokenBy{
	{
		name: "an exchange is named by the session alone", rule: 2, file: "internal/session/renew.go",
		old:     "return flightKey{session: h.keys.credentials, token: digestOf(token), ahead: ahead}",
		replace: "_ = token\n\treturn flightKey{session: h.keys.credentials, ahead: ahead}",
	},
	{
		name: "a refresh saves over whatever is stored", rule: 3, file: "internal/session/renew.go",
		old:     "	if now == nil || !now.SamePair(stored) {\n\t\treturn true, nil",
		replace: "	if now == nil {\n\t\treturn true, nil",
	},
	{
		name: "a sign-out removes whoever is there", rule: 3, file: "internal/session/change.go",
		old:     "case mine != nil && stored != nil && ",
		replace: "case false && stored != nil && ",
	},
	{
		name: "no lock is taken", rule: 9, file: "internal/session/lock.go",
		old:     "\theld, release, err := k.lock(wait, key) // held descends from wait, and lasts as long as the lock\n",
		replace: "\theld, release, err := wait, func() {}, error(nil)\n",
	},
}
