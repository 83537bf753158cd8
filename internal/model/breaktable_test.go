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
		name: "a refresh saves over whatever is stored", rule: 3, file: "renew.go",
		old:     "case !sameTokens(now, stored):\n\t\treturn errChanged\n\t}\n\treturn a.write(held, fresh)",
		replace: "case now == nil:\n\t\treturn errChanged\n\t}\n\treturn a.write(held, fresh)",
	},
	{
		name: "a sign-out tells the server only", rule: 3, file: "session.go",
		old:     "\terr := store.Delete(held, a.keys.credentials)\n",
		replace: "\tvar err error\n",
	},
	{
		name: "no lock is taken", rule: 9, file: "session.go",
		old:     "\theld, release, err := p.lockUntil(wait, key)\n",
		replace: "\theld, release, err := wait, func() {}, error(nil)\n",
	},
}
