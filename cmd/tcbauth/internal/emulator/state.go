package emulator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/wholefile"
)

// stateFile is where the state of a server goes at the end, if anywhere.
type stateFile struct {
	name string // "" is nowhere
	srv  *authtest.Server
}

// loadState gives the server of the only environment the state that it starts with.
func (c Config) loadState(servers []*authtest.Server) (stateFile, error) {
	if !c.hasState() {
		return stateFile{}, nil
	}
	from, to := c.Import, c.Export
	if c.State != "" {
		from, to = c.State, c.State
	}
	file := stateFile{to, servers[0]}
	if err := file.check(); err != nil {
		return stateFile{}, err
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
		return stateFile{}, fmt.Errorf("load the state of %s: %w", from, err)
	}
	return file, nil
}

// check fails at the start where save could not begin at the end, with everything that was done in between.
func (f stateFile) check() error {
	if f.name == "" {
		return nil
	}
	if err := wholefile.Check(f.name); err != nil {
		return fmt.Errorf("the state could not be saved at the end: %w", err)
	}
	return nil
}

func (f stateFile) save() error {
	if f.name == "" {
		return nil
	}
	state, err := f.srv.SaveState()
	if err != nil {
		return err
	}
	return wholefile.Write(f.name, append(state, '\n'))
}
