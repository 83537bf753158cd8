package testbed

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"

	"go.uber.org/goleak"
)

// Main runs the tests of a package and ends the process. When all of them are over and none was left out, it looks for
// goroutines that are left, and calls the checks. TestMain calls it.
func Main(m *testing.M, checks ...func() error) {
	code := m.Run()
	if code == 0 && ranAll() {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections() // of the examples
		err := goleak.Find()
		for _, check := range checks {
			err = errors.Join(err, check())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "FAIL:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// ranAll says whether no test was left out by a flag.
func ranAll() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz"} {
		if flag.Lookup(name).Value.String() != "" {
			return false
		}
	}
	return true
}

// Waiting lets more tests of a package run at a time than there are processors: for packages whose tests wait for leases, limits
// and processes rather than compute. TestMain calls it before the tests run. -parallel goes before it.
func Waiting() {
	const atATime = 4
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f != nil && f.Value.String() == f.DefValue {
		_ = f.Value.Set(strconv.Itoa(max(atATime, runtime.GOMAXPROCS(0)))) // a number is one
	}
}

// RaceDetector says whether the test was built with the race detector.
func RaceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
