// Package everymethod_test calls every method of Auth, by reflection, and brings each into every trouble: bad input, a lost
// answer, a broken store, a server that quotes secrets.
package everymethod_test

import (
	"testing"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

func TestMain(m *testing.M) { testbed.Main(m) }
