package clikit

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Signals returns a context for a tool's main function. It ends with ctrl-C, SIGTERM or SIGHUP; a second signal ends the
// process at once. A signal that is ignored stays ignored, for the tool and for commands of [Kit.Exec]: a job under nohup
// outlives its terminal. stop ends the context and restores the signals.
func Signals(parent context.Context) (ctx context.Context, stop context.CancelFunc) {
	var heeded []os.Signal
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(sig) {
			heeded = append(heeded, sig)
		}
	}
	if len(heeded) == 0 { // for package signal, none means all
		return context.WithCancel(parent)
	}
	ctx, stop = signal.NotifyContext(parent, heeded...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
