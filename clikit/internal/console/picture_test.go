package console_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
	"github.com/cloudbase-community/tcbauth/internal/testbed/terminal"
)

// letter is a picture with a black L in it on a transparent ground.
func letter(width, height int) image.Image {
	img := image.NewNRGBA(image.Rect(10, 20, 10+width, 20+height))
	for y := range height {
		for x := range width {
			if x < width/4 || y >= height-height/4 {
				img.Set(10+x, 20+y, color.NRGBA{A: 255})
			}
		}
	}
	return img
}

func encoded(t testing.TB, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var data bytes.Buffer
	require.NoError(t, encode(&data))
	return data.Bytes()
}

func TestPicture(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		variables []string
		img       image.Image
		shown     string // on the screen, or of what was printed
	}{
		"any colour": {[]string{"TERM=xterm", "COLORTERM=truecolor"}, letter(4, 2), "\x1b[38;2;0;0;0m\x1b[48;2;0;0;0m▀\x1b[38;2;255;255;255m"},
		"a palette":  {[]string{"TERM=xterm-256color"}, letter(4, 2), "\x1b[38;5;16m\x1b[48;5;16m▀\x1b[38;5;231m"},
		"no colours": {[]string{"NO_COLOR=1", "COLORTERM=truecolor"}, letter(8, 5), "██\n██\n▀▀▀▀▀▀▀▀"},
		"dumb":       {[]string{"TERM=dumb"}, letter(8, 5), "██\n██\n▀▀▀▀▀▀▀▀"},
		"ASCII":      {[]string{"LANG=de_DE.ISO-8859-1"}, letter(8, 5), "##\n##\n''''''''"},
		"scaled":     {[]string{"NO_COLOR=1"}, letter(390, 160), strings.Repeat("██████████\n", 6) + strings.Repeat("█", 39)},
		"low":        {[]string{"NO_COLOR=1"}, letter(40, 400), "█\n"},
		"one colour": {[]string{"NO_COLOR=1"}, image.NewNRGBA(image.Rect(0, 0, 40, 20)), ""},
		"nothing":    {nil, image.NewNRGBA(image.Rectangle{}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, screen := person(t, test.variables...)
			require.NoError(t, c.Picture(test.img))
			_, _ = screen.TTY.WriteString("|")
			screen.Wait("|")
			if strings.HasPrefix(test.shown, "\x1b") {
				assert.Contains(t, screen.Raw(), test.shown)
			} else {
				assert.NotContains(t, screen.Raw(), "\x1b")
				assert.True(t, strings.HasPrefix(screen.Screen(), test.shown), screen.Screen())
			}
			assert.Less(t, strings.Count(screen.Screen(), "\n"), 24, "it fits into the terminal")
		})
	}
}

func TestNobodySeesAPicture(t *testing.T) {
	t.Parallel()
	var shown strings.Builder
	c := console.New(console.Config{In: strings.NewReader(""), Err: &shown})
	require.ErrorIs(t, c.Picture(letter(8, 5)), console.ErrNoTerminal)
	require.ErrorIs(t, c.QR("text"), console.ErrNoTerminal)
	assert.Empty(t, shown.String())
}

func TestDecodePicture(t *testing.T) {
	t.Parallel()
	img := letter(40, 20)
	pngData := encoded(t, func(w *bytes.Buffer) error { return png.Encode(w, img) })
	text := base64.StdEncoding.EncodeToString(pngData)
	for name, data := range map[string]string{
		"PNG":                       string(pngData),
		"JPEG":                      string(encoded(t, func(w *bytes.Buffer) error { return jpeg.Encode(w, img, nil) })),
		"GIF":                       string(encoded(t, func(w *bytes.Buffer) error { return gif.Encode(w, img, nil) })),
		"data: URL":                 "data:image/png;base64," + text,
		"of several lines":          "DATA:image/png;charset=x;BASE64," + text[:20] + "\r\n" + text[20:],
		"without an end":            "data:;base64," + strings.TrimRight(text, "="),
		"with escapes":              "data:image/png;base64," + url.PathEscape(text),
		"with escapes, not base 64": "data:image/png," + url.PathEscape(string(pngData)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decoded, err := console.DecodePicture([]byte(data))
			require.NoError(t, err)
			assert.Equal(t, image.Pt(40, 20), decoded.Bounds().Size())
		})
	}
}

func TestDecodePictureRefuses(t *testing.T) {
	t.Parallel()
	large := encoded(t, func(w *bytes.Buffer) error { return png.Encode(w, image.NewGray(image.Rect(0, 0, 1025, 1024))) })
	whole := encoded(t, func(w *bytes.Buffer) error { return png.Encode(w, letter(40, 20)) })
	for name, data := range map[string]string{
		"nothing":          "",
		"text":             "secret, not a picture",
		"cut":              string(whole[:len(whole)/2]),
		"no data":          "data:image/png;base64",
		"no base 64":       "data:image/png;base64,secret!",
		"a wrong escape":   "data:image/png,secret%zz",
		"too many bytes":   string(append(whole, make([]byte, 1<<20)...)),
		"a very long text": "data:," + strings.Repeat("x", 3<<20),
		"too many pixels":  string(large),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := console.DecodePicture([]byte(data))
			require.ErrorIs(t, err, console.ErrPicture)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

func FuzzDecodePicture(f *testing.F) {
	img := letter(8, 5)
	f.Add(encoded(f, func(w *bytes.Buffer) error { return png.Encode(w, img) }))
	f.Add(encoded(f, func(w *bytes.Buffer) error { return jpeg.Encode(w, img, nil) }))
	f.Add(encoded(f, func(w *bytes.Buffer) error { return gif.Encode(w, img, nil) }))
	f.Add([]byte("data:image/png;base64,aGFsbG8="))
	f.Add([]byte("data:,%41"))
	f.Fuzz(func(t *testing.T, data []byte) {
		decoded, err := console.DecodePicture(data)
		if err == nil {
			size := decoded.Bounds().Size()
			assert.LessOrEqual(t, size.X*size.Y, 1<<20)
		}
	})
}

// A code that is drawn is read again from the screen.
func TestQR(t *testing.T) {
	t.Parallel()
	const address = "https://example.com/activate?code=ABCD-EFGH"
	for name, variables := range map[string][]string{"blocks": {"NO_COLOR=1"}, "colours": {"TERM=xterm-256color"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			screen := terminal.Open(t, 80, 24)
			c := console.New(console.Config{In: screen.TTY, Err: screen.TTY, Env: environment(variables...)})
			require.NoError(t, c.QR(address))
			_, _ = screen.TTY.WriteString("|")
			screen.Wait("|")
			assert.Equal(t, address, scan(t, screen))
		})
	}
}

func TestQRDoesNotFit(t *testing.T) {
	t.Parallel()
	c, screen := person(t)
	require.ErrorContains(t, c.QR(strings.Repeat("x", 200)), "columns")
	require.Error(t, c.QR(strings.Repeat("x", 3000)))
	assert.Empty(t, screen.Raw())
}
