package emulator

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// watchInterval is how often the seed is looked at.
const watchInterval = 500 * time.Millisecond

// heedHangups takes SIGHUP from whoever else would end the program at it. stop makes it end the program again.
func heedHangups() (hangups <-chan os.Signal, stop func()) {
	heeded := make(chan os.Signal, 1)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Reset(syscall.SIGHUP)
		signal.Notify(heeded, syscall.SIGHUP)
	}
	return heeded, func() { signal.Stop(heeded) }
}

// reload reads the seed again at SIGHUP, and when it has changed if it is watched. Without a seed SIGHUP ends the context that
// it returns, as another signal does. stop ends it all.
func (c Config) reload(parent context.Context, servers []*authtest.Server, hangups <-chan os.Signal, log *lineLog) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	var changed <-chan time.Time
	var watched fileVersion
	if c.Watch && c.Seed != "" {
		ticker := time.NewTicker(watchInterval)
		context.AfterFunc(ctx, ticker.Stop)
		changed, watched = ticker.C, versionOf(c.Seed)
	}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
				if c.Seed == "" {
					cancel()
					return
				}
			case <-changed:
				now := versionOf(c.Seed)
				if now == watched {
					continue
				}
				watched = now
			}
			c.loadSeed(servers, log)
		}
	})
	return ctx, func() {
		cancel()
		done.Wait()
	}
}

// loadSeed reads the seed again. If one server cannot take it, nothing changes in any.
func (c Config) loadSeed(servers []*authtest.Server, log *lineLog) {
	file, err := os.ReadFile(c.Seed)
	if err == nil {
		err = authtest.LoadSeeds(file, servers...)
	}
	if err != nil {
		log.say("the seed was not read again: %v\n", inFile(c.Seed, err))
		return
	}
	log.say("%s was read again: users and codes; rules wait for the next start\n", c.Seed)
}

// fileVersion tells a file that was written from what it was before.
type fileVersion struct {
	changed time.Time
	size    int64
}

func versionOf(name string) fileVersion {
	info, err := os.Stat(name)
	if err != nil {
		return fileVersion{}
	}
	return fileVersion{info.ModTime(), info.Size()}
}
