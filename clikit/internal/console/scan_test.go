package console_test

import (
	"image"
	"image/color"
	"strconv"
	"strings"
	"testing"

	qrcode "github.com/piglig/go-qr"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/testbed/terminal"
)

// scan reads a QR code that was drawn with half blocks on a dark terminal.
func scan(t *testing.T, screen *terminal.Terminal) string {
	t.Helper()
	img := photograph(screen.Raw())
	text, err := qrcode.Decode(img)
	require.NoError(t, err)
	return text
}

const pixels = 8 // of a module, on a side

// photograph is a picture of the half blocks that were printed.
func photograph(printed string) image.Image {
	lines := strings.Split(printed, "\n")
	img := image.NewGray(image.Rect(0, 0, 80*pixels, 2*len(lines)*pixels))
	for row, line := range lines {
		column, fore, back := 0, byte(255), byte(0)
		for line != "" {
			if rest, ok := strings.CutPrefix(line, "\x1b["); ok {
				code, after, _ := strings.Cut(rest, "m")
				line = after
				switch {
				case strings.HasPrefix(code, "38;5;"):
					fore = grey(code)
				case strings.HasPrefix(code, "48;5;"):
					back = grey(code)
				case code == "49":
					back = 0
				}
				continue
			}
			r := []rune(line)[0]
			line = line[len(string(r)):]
			switch r {
			case '▀':
				square(img, column, 2*row, fore)
				square(img, column, 2*row+1, back)
			case '▄':
				square(img, column, 2*row+1, fore)
			case '█':
				square(img, column, 2*row, fore)
				square(img, column, 2*row+1, fore)
			}
			column++
		}
	}
	return img
}

// grey is the brightness of black and white in the palette.
func grey(code string) byte {
	if n, _ := strconv.Atoi(code[len("38;5;"):]); n == 231 {
		return 255
	}
	return 0
}

func square(img *image.Gray, column, row int, value byte) {
	for y := range pixels {
		for x := range pixels {
			img.SetGray(column*pixels+x, row*pixels+y, color.Gray{Y: value})
		}
	}
}
