package testbed

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// driven are the operations that the Go client has called with success in the tests so far.
var driven = struct {
	sync.Mutex
	operations map[string]bool // "POST signin"
}{operations: make(map[string]bool)}

// drove is told of every request to an emulator of the tests.
func drove(r authtest.Request) {
	ours := strings.HasPrefix(r.Header.Get("X-Sdk-Version"), "tcbauth/") || r.Header.Get("User-Agent") == "tcbauth" // accesstoken
	if !ours || r.Status != http.StatusOK || r.Operation == "" {
		return
	}
	driven.Lock()
	defer driven.Unlock()
	driven.operations[r.Method+" "+r.Operation] = true
}

// Driven lists the operations that the Go client has called with success in this process so far.
func Driven() []string {
	driven.Lock()
	defer driven.Unlock()
	return slices.Sorted(maps.Keys(driven.operations))
}
