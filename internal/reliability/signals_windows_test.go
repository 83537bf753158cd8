package reliability_test

import "syscall"

// Windows has neither: sending them fails.
const sigStop, sigContinue = syscall.Signal(0x13), syscall.Signal(0x12)
