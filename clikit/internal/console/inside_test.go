package console

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBrowsers(t *testing.T) {
	t.Parallel()
	type variables map[string]string
	for name, test := range map[string]struct {
		system string
		set    variables
		want   []string // the first word of each
	}{
		"Windows":              {"windows", nil, []string{"rundll32"}},
		"macOS":                {"darwin", nil, []string{"open"}},
		"macOS over SSH":       {"darwin", variables{"SSH_TTY": "/dev/ttys001"}, nil},
		"Linux with X":         {"linux", variables{"DISPLAY": ":0"}, []string{"xdg-open", "x-www-browser"}},
		"Linux with Wayland":   {"linux", variables{"WAYLAND_DISPLAY": "wayland-0"}, []string{"xdg-open", "x-www-browser"}},
		"Linux with a console": {"linux", nil, nil},
		"Linux in Windows":     {"linux", variables{"WSL_DISTRO_NAME": "Debian"}, []string{"wslview", "xdg-open"}},
		"an editor's terminal": {"linux", variables{"BROWSER": "/opt/editor/browser.sh", "SSH_CONNECTION": "x"}, []string{"/opt/editor/browser.sh"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := New(Config{Env: func(name string) (string, bool) {
				value, ok := test.set[name]
				return value, ok
			}})
			var first []string
			for _, command := range c.browsers(test.system) {
				first = append(first, command[0])
			}
			assert.Equal(t, test.want, first)
		})
	}
}

// A browser that cannot start says so by its exit code. One that runs on is not waited for.
func TestLaunch(t *testing.T) {
	t.Parallel()
	binary, err := os.Executable()
	require.NoError(t, err)
	require.Error(t, launch(time.Minute, binary, "browse", t.TempDir(), "address"))
	require.NoError(t, launch(0, binary, "browse", os.DevNull, "address"))
}

func TestPalette(t *testing.T) {
	t.Parallel()
	for c, want := range map[rgb]int{
		{0, 0, 0}: 16, {255, 255, 255}: 231, {255, 0, 0}: 196, {95, 135, 175}: 67, {8, 8, 8}: 232, {238, 238, 238}: 255,
		{128, 128, 128}: 244, {1, 1, 1}: 16, {250, 250, 250}: 231, {10, 100, 60}: 23,
	} {
		assert.Equal(t, want, palette(c), "%v", c)
	}
}

func TestRowsOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 0, "1234567890": 0, "12345678901": 1, "12345678901234567890": 1, "手机手机手": 0, "1手机手机手": 1, "123456789手": 1, "e\u0301234567890": 0,
	} {
		assert.Equal(t, want, rowsOf(text, 10), text)
	}
}
