package terminal

import (
	"os"
	"os/exec"
)

// There are no pseudo terminals, so that no test gets as far as these.

func closable(file *os.File) (*os.File, error) { return file, nil }

func inForeground(*exec.Cmd) {}
