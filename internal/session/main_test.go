package session_test

import (
	"testing"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

func TestMain(m *testing.M) { testbed.Main(m) }
