package model

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
		name: "an expired token is served", rule: 1, file: "internal/session/renew.go",
		old:     "return c.ValidAt(h.now()) && c.AccessToken != want.replace",
		replace: "return c.AccessToken != want.replace",
	},
	{
		name: "sessions that are taken over share an exchange", rule: 2, file: "internal/session/adopt.go",
		old:     "return flightKey{session: h.keys.credentials, token: digestOf(in.RefreshToken)}",
		replace: "return flightKey{session: h.keys.credentials}",
	},
	{
		name: "a sign-out removes whoever is there", rule: 3, file: "internal/session/change.go",
		old:     "case mine != nil && stored != nil && ",
		replace: "case false && stored != nil && ",
	},
	{
		name: "the device id of a session outlives it", rule: 3, file: "internal/session/vault.go",
		old:     "all = append(all, h.keys.device(), h.keys.captcha())",
		replace: "all = append(all, h.keys.captcha())",
	},
	{
		name: "visitors share a session", rule: 3, file: "internal/session/handle.go",
		old:     "newKeys(k.cfg.Prefix, user, ",
		replace: "newKeys(k.cfg.Prefix, user[:min(len(user), 7)], ",
	},
	{
		name: "a call is repeated in another name", rule: 5, file: "internal/client/send.go",
		old:     "case !got.Same:",
		replace: "case false && !got.Same:",
	},
	{
		name: "a guest is made anew with another device id", rule: 5, file: "internal/session/device.go",
		old:     "\tid, err := h.storedDeviceID(held)\n\tif err == nil && id == \"\" {",
		replace: "\tid, err := h.storedDeviceID(held)\n\tif err == nil {",
	},
	{
		name: "a store that fails is nobody", rule: 7, file: "internal/session/vault.go",
		old:     "\tcase err != nil:\n\t\treturn seen{}, err\n\tcase stored == nil:",
		replace: "\tcase err != nil:\n\t\treturn seen{}, ErrNone\n\tcase stored == nil:",
	},
	{
		name: "the first caller's end ends the exchange", rule: 8, file: "internal/session/exchange.go",
		old:     "go k.lead(context.WithoutCancel(ctx), key",
		replace: "go k.lead(ctx, key",
	},
	{
		name: "the lock of an exchange is not given back", rule: 8, file: "internal/session/exchange.go",
		old:     "\tdefer unlock()\n\theld.Store(",
		replace: "\theld.Store(",
	},
	{
		name: "an exchange takes no lock", rule: 9, file: "internal/session/lock.go",
		old:     "\theld, release, err := k.lock(wait, key, first) // held descends from wait, and lasts as long as the lock\n",
		replace: "\theld, release, err := wait, func() {}, error(nil)\n",
	},
	{
		name: "signing in and out takes no lock", rule: 9, file: "internal/session/vault.go",
		old:     "\theld, unlock, err := h.keeper.lockFor(ctx, h.keys.credentials, h.keys.first()...)\n",
		replace: "\theld, unlock, err := ctx, func() {}, error(nil)\n",
	},
	{
		name: "the store is not read under the lock", rule: 9, file: "internal/session/renew.go",
		old:     "\tnow, err := h.look(held)\n\tswitch {",
		replace: "\tnow, err := before, error(nil)\n\tswitch {",
	},
	{
		name: "a token that was spent is sent again", rule: 9, file: "internal/session/renew.go",
		old:     "\tif h.keeper.spent.has(c.RefreshToken) {\n\t\treturn nil, &RefusedError{ErrSpent}",
		replace: "\tif false {\n\t\treturn nil, &RefusedError{ErrSpent}",
	},
	{
		name: "what a store did not take is dropped", rule: 10, file: "internal/session/renew.go",
		old:     "\t\th.keeper.unsaved.put(h.keys.credentials, unsaved{renewed: change.Session, replaced: before.stored}, unsavedFor)\n",
		replace: "",
	},
	{
		name: "a sign-in leaves its handle what it knows", rule: 12, file: "internal/session/change.go",
		old:     "\treturn h.become(h.newState(c), Change{Kind: kind, Session: c}), nil",
		replace: "\treturn h.signIns, nil",
	},
}
