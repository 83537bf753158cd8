package reliability_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

func TestMain(m *testing.M) {
	redis.SetLogger(silent{}) // it tells of every connection that a fault ends
	testbed.Main(m)
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
