package console

import (
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// ErrNoBrowser means that no browser would appear before the user.
var ErrNoBrowser = errors.New("there is no browser to open")

// Open shows a page in the user's browser. Only http and https addresses are opened, never a file or a program. The browser
// is the one of the variable BROWSER, or the system's. Its output is dropped, and it goes on when the program ends.
//
// The error is ErrNoBrowser where there is none: over SSH, or on a machine without a display. Then the user needs the
// address.
func (c *Console) Open(address string) error {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return errors.New("open a page: not an http or https address") // without the address, which may hold a code
	}
	if c.browser != nil {
		return c.browser(address)
	}
	for _, command := range c.browsers(runtime.GOOS) {
		path, err := exec.LookPath(command[0])
		if err != nil {
			continue
		}
		if err := launch(launchTime, path, append(command[1:], address)...); err != nil {
			return fmt.Errorf("open a page: %w", err)
		}
		return nil
	}
	return ErrNoBrowser
}

// browsers are the commands that open an address, the best one first.
func (c *Console) browsers(system string) [][]string {
	// Editors that work on another machine set BROWSER to what opens pages on the user's own.
	if command := strings.Fields(c.variable("BROWSER")); len(command) > 0 {
		return [][]string{command}
	}
	if c.variable("SSH_CONNECTION") != "" || c.variable("SSH_TTY") != "" {
		return nil
	}
	switch {
	case system == "windows":
		return [][]string{{"rundll32", "url.dll,FileProtocolHandler"}}
	case system == "darwin":
		return [][]string{{"open"}}
	case c.variable("WSL_DISTRO_NAME") != "":
		return [][]string{{"wslview"}, {"xdg-open"}}
	case c.variable("DISPLAY") == "" && c.variable("WAYLAND_DISPLAY") == "":
		return nil // xdg-open would start a browser in the terminal
	default:
		return [][]string{{"xdg-open"}, {"x-www-browser"}}
	}
}

// launchTime is how long a browser may take to fail. One that runs in the foreground does not end before it is closed.
const launchTime = time.Second

// launch starts a command that lives on by itself, and waits some time for it to fail. The goroutine that collects it ends with it.
func launch(wait time.Duration, path string, args ...string) error {
	cmd := exec.Command(path, args...) //nolint:gosec,noctx // the user's system names it; it outlives the caller
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		return err
	case <-time.After(wait):
		return nil
	}
}
