// Package vectors_test compares this client with the js-sdk: its recorded calls, and the list of its methods.
package vectors_test

import (
	"testing"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

func TestMain(m *testing.M) { testbed.Main(m) }
