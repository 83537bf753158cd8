package emulator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/gofrs/flock"

	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/wholefile"
)

// stateFile is where the state of a server goes at the end, if anywhere.
type stateFile struct {
	name string // "" is nowhere
	srv  *authtest.Server
	lock *flock.Flock // held from start to end; nil for a device or a pipe
}

// loadState gives the server of the only environment the state that it starts with.
func (c Config) loadState(servers []*authtest.Server) (file stateFile, err error) {
	if !c.hasState() {
		return stateFile{}, nil
	}
	from, to := c.Import, c.Export
	if c.State != "" {
		from, to = c.State, c.State
	}
	if file, err = openState(to, servers[0]); err != nil {
		return stateFile{}, fmt.Errorf("the state could not be saved at the end: %w", err)
	}
	if from == "" {
		return file, nil
	}
	state, err := os.ReadFile(from) //nolint:gosec // G304: whoever runs the emulator names the file
	if c.State != "" && errors.Is(err, fs.ErrNotExist) {
		return file, nil
	}
	if err == nil {
		err = servers[0].LoadState(state)
	}
	if err != nil {
		return stateFile{}, errors.Join(fmt.Errorf("load the state of %s: %w", from, err), file.unlock())
	}
	return file, nil
}

// openState fails at the start where save could not begin at the end, with everything that was done in between. The file is for one
// emulator at a time: of two, the last to end would replace what the other has saved.
func openState(name string, srv *authtest.Server) (stateFile, error) {
	file := stateFile{name: name, srv: srv}
	if name == "" {
		return file, nil
	}
	if err := wholefile.Check(name); err != nil {
		return stateFile{}, err
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return file, nil
	}
	file.lock = flock.New(name + ".lock") // the file itself is replaced
	switch locked, err := file.lock.TryLock(); {
	case err != nil:
		return stateFile{}, errors.Join(fmt.Errorf("lock %s: %w", file.lock.Path(), err), file.unlock())
	case !locked:
		return stateFile{}, errors.Join(fmt.Errorf("another emulator saves its state in %s", name), file.unlock())
	}
	return file, nil
}

// unlock lets another emulator use the file.
func (f stateFile) unlock() error {
	if f.lock == nil {
		return nil
	}
	return f.lock.Close()
}

func (f stateFile) save() error {
	if f.name == "" {
		return nil
	}
	state, err := f.srv.SaveState()
	if err == nil {
		err = wholefile.Write(f.name, append(state, '\n'))
	}
	return errors.Join(err, f.unlock())
}
