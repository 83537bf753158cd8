//go:build unix

package reliability_test

import "syscall"

const sigStop, sigContinue = syscall.SIGSTOP, syscall.SIGCONT
