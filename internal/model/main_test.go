package model

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

func TestMain(m *testing.M) {
	testbed.RunHelper(map[string]testbed.Helper{HelperName: Helper(openPlace)})
	redis.SetLogger(silent{}) // it tells of every connection that is closed
	m.Run()
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
