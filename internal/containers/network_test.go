package containers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// network is two namespaces that reach each other and nothing else. In both the names of the services are known.
type network struct {
	emulator, others string
}

// newNetwork makes two namespaces, or skips the test where that is not possible.
func newNetwork(t *testing.T, name string) network {
	t.Helper()
	n := network{fmt.Sprintf("tcbauth-%d-%s-emulator", os.Getpid(), name), fmt.Sprintf("tcbauth-%d-%s-others", os.Getpid(), name)}
	for _, space := range []string{n.emulator, n.others} {
		if err := ip(t.Context(), "netns", "add", space); err != nil {
			t.Skip("SKIPPED: the Compose file is not tried. Network namespaces need Linux, root and the package iproute2: ", err)
		}
		t.Cleanup(func() { assert.NoError(t, ip(context.Background(), "netns", "delete", space)) }) // the test's context has ended
	}
	for _, args := range []string{
		"-n " + n.emulator + " link add eth0 type veth peer name eth0 netns " + n.others,
		"-n " + n.emulator + " address add 192.0.2.1/24 dev eth0",
		"-n " + n.others + " address add 192.0.2.2/24 dev eth0",
		"-n " + n.emulator + " link set lo up",
		"-n " + n.others + " link set lo up",
		"-n " + n.emulator + " link set eth0 up",
		"-n " + n.others + " link set eth0 up",
	} {
		require.NoError(t, ip(t.Context(), strings.Fields(args)...))
	}
	for _, space := range []string{n.emulator, n.others} {
		dir := filepath.Join("/etc/netns", space) // whose files ip netns exec shows in place of those of /etc
		require.NoError(t, os.MkdirAll(dir, 0o750))
		t.Cleanup(func() {
			assert.NoError(t, os.RemoveAll(dir))
			_ = os.Remove(filepath.Dir(dir)) // unless it is somebody else's too
		})
		names := "127.0.0.1 localhost\n192.0.2.1 emulator\n192.0.2.2 backend\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, "hosts"), []byte(names), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "resolv.conf"), nil, 0o600))
	}
	return n
}

// ip runs the command of that name.
func ip(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, "ip", args...).CombinedOutput() //nolint:gosec // G204: the arguments are this package's
	if err != nil {
		return fmt.Errorf("ip %v: %w: %s", args, err, out)
	}
	return nil
}
