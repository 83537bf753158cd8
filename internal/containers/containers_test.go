package containers

import (
	"bufio"
	"context"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const example = "../../examples/compose"

// trial runs services of the Compose file.
type trial struct {
	network
	services map[string]service
	bin      string // with the programs of the images
	ca       string // in place of the volume
}

// command is a service's in a namespace, or another one that is run as if it were the service. It is killed when ctx is done.
func (tr *trial) command(ctx context.Context, t *testing.T, space, name string, more map[string]string, args ...string) *exec.Cmd {
	t.Helper()
	s := tr.services[name]
	if args == nil {
		args = s.Command
	}
	here := func(text string) string { return strings.ReplaceAll(text, "/ca/", tr.ca+"/") }
	all := []string{"netns", "exec", space}
	for _, arg := range args {
		all = append(all, here(arg))
	}
	cmd := exec.CommandContext(ctx, "ip", all...) //nolint:gosec // G204: the Compose file is this repository's
	cmd.Dir = filepath.Join(example, "frontend")  // which is the directory of that image
	cmd.Env = []string{"PATH=" + tr.bin + ":" + os.Getenv("PATH"), "HOME=" + tr.ca}
	env := maps.Clone(s.Environment)
	maps.Copy(env, more)
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+here(value))
	}
	return cmd
}

// start runs a service until the test ends, and returns once it has printed a line.
func (tr *trial) start(t *testing.T, space, name string) {
	t.Helper()
	cmd := tr.command(t.Context(), t, space, name, nil)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		assert.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, name)
	t.Log(name, "says", line)
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
}

// run runs a service until it ends, with other variables, and returns what it said.
func (tr *trial) run(t *testing.T, name string, more map[string]string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out, err := tr.command(ctx, t, tr.others, name, more).CombinedOutput()
	return string(out), err
}

// The services of the Compose file do what docs/containers.md says of them, by plain http and by TLS: the emulator in one
// namespace, everything else in another.
func TestCompose(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	dockerfile, err := os.ReadFile(filepath.Join(example, "Dockerfile"))
	require.NoError(t, err)
	line := regexp.MustCompile(`(?m)^RUN (.*go build .*)$`).FindSubmatch(dockerfile)
	require.NotNil(t, line)
	build := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(string(line[1]), "/out/", bin+"/")) //nolint:gosec // G204: and so is the Dockerfile
	build.Dir = "../.."
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for name, files := range map[string][]string{"http": {"compose.yaml"}, "tls": {"compose.yaml", "compose.tls.yaml"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := &trial{newNetwork(t, name), readCompose(t, files...), bin, t.TempDir()}
			require.Equal(t, []string{"backend", "e2e", "emulator", "frontend"}, slices.Sorted(maps.Keys(tr.services)))
			tr.start(t, tr.emulator, "emulator")
			test := tr.services["emulator"].Healthcheck.Test
			require.Equal(t, "CMD", test[0])
			out, err := tr.command(t.Context(), t, tr.emulator, "emulator", nil, test[1:]...).CombinedOutput()
			require.NoError(t, err, "the health check: %s", out)
			tr.start(t, tr.others, "backend")

			for _, client := range []string{"e2e", "frontend"} {
				t.Run(client, func(t *testing.T) {
					t.Parallel()
					if _, err := os.Stat("../../conformance/node_modules"); err != nil && client == "frontend" {
						t.Skip("SKIPPED: the js-sdk is not tried. Run npm ci in conformance/ first: ", err)
					}
					out, err := tr.run(t, client, nil)
					require.NoError(t, err, out)
					assert.Regexp(t, `the backend knows user [0-9]{19}\n$`, out)

					out, err = tr.run(t, client, map[string]string{"TCB_CONTROL_TOKEN": ""})
					require.Error(t, err)
					assert.Contains(t, out, "GET /_emulator/inbox: 401", "the inbox needs the control token")
				})
			}
			if name == "tls" {
				tr.distrust(t)
			} else {
				tr.refuse(t)
			}
		})
	}
}

// distrust tries clients that do not know the authority.
func (tr *trial) distrust(t *testing.T) {
	t.Helper()
	out, err := tr.run(t, "e2e", map[string]string{"SSL_CERT_FILE": "/dev/null"})
	require.Error(t, err)
	assert.Contains(t, out, "certificate signed by unknown authority")
}

// refuse tries plain http where it is not allowed.
func (tr *trial) refuse(t *testing.T) {
	t.Helper()
	for _, client := range []string{"e2e", "backend"} {
		out, err := tr.run(t, client, map[string]string{"TCB_INSECURE_EMULATOR": ""})
		require.Error(t, err, client)
		assert.Contains(t, out, "WithInsecureEmulator", "the error names the option")
		out, err = tr.run(t, client, map[string]string{"TCB_BASE_URL": "https://dev.ap-shanghai.tcb-api.tencentcloudapi.com"})
		require.Error(t, err, client)
		assert.Contains(t, out, "this is a real environment", client)
	}
}
