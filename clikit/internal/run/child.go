package run

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
)

// child runs a command as a child of this process.
func child(path string, command, environment []string, forwarded ...os.Signal) (code int, err error) {
	cmd := exec.Command(path) //nolint:noctx // the user typed it; it ends by itself
	cmd.Args, cmd.Env = command, environment
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr

	// The terminal sends its signals to the child too. This process lives on, to pass the child's exit code on.
	caught := make(chan os.Signal, 8)
	signal.Notify(caught, append(forwarded, os.Interrupt)...)
	defer signal.Stop(caught)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case sig := <-caught:
			if sig != os.Interrupt {
				_ = cmd.Process.Signal(sig) // it may have ended
			}
		case err := <-ended:
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				return exit.ExitCode(), nil
			}
			return 0, err
		}
	}
}
