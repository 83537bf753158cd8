package console

import "golang.org/x/term"

// keyboard is the terminal that In is, or stands for another In, of which it changes nothing.
type keyboard struct {
	fd     int
	raw    bool // characters come as they are typed, and nothing but the Console shows them
	before *term.State
}

// keyboard makes the terminal raw for a question. A terminal that cannot move its cursor edits and shows lines itself, and is
// left to that unless the answer is secret.
func (c *Console) keyboard(hidden bool) (*keyboard, error) {
	k := &keyboard{fd: c.inFd, raw: c.inTerminal && (hidden || !c.dumb())}
	return k, k.set()
}

// set makes the terminal raw, and remembers what it was the first time.
func (k *keyboard) set() error {
	if !k.raw {
		return nil
	}
	before, err := term.MakeRaw(k.fd)
	if err != nil {
		return err
	}
	if k.before == nil {
		k.before = before
	}
	return nil
}

// restore makes the terminal what it was.
func (k *keyboard) restore() {
	if k.before != nil {
		_ = term.Restore(k.fd, k.before) // there is no other way to mend it
	}
}

// newline ends a line on the screen. A raw terminal does not go to the beginning of the next line by itself.
func (k *keyboard) newline() string {
	if k.raw {
		return "\r\n"
	}
	return "\n"
}
