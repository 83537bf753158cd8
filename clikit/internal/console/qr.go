package console

import (
	"errors"
	"fmt"
	"io"

	qrcode "github.com/piglig/go-qr"
)

// quietZone is the border that scanners need, in modules (ISO 18004).
const quietZone = 4

// QR draws a text as a QR code: dark on bright where the terminal has colours, and else in its own colour, which fits a dark
// terminal. The error is ErrNoTerminal when nobody would see it, and another one when the code cannot be drawn: a text that is
// too long, a terminal that is too narrow or has only ASCII.
func (c *Console) QR(text string) error {
	out := c.screen()
	if !out.terminal {
		return ErrNoTerminal
	}
	drawn, err := c.drawQR(text, out)
	if err != nil {
		return fmt.Errorf("draw a QR code: %w", err)
	}
	_, err = io.WriteString(out, drawn)
	return err
}

func (c *Console) drawQR(text string, out screen) (string, error) {
	code, err := qrcode.EncodeText(text, qrcode.Low)
	if err != nil {
		return "", err
	}
	size := code.Size() + 2*quietZone
	if columns, _ := out.size(); size > columns {
		return "", fmt.Errorf("it needs %d columns, and the terminal has %d", size, columns)
	}
	paint := c.paint()
	if paint == paintASCII {
		return "", errors.New("the terminal has only ASCII")
	}
	squares := raster{size, size, make([]rgb, size*size)}
	bright := make([]bool, size*size)
	for i := range bright {
		if bright[i] = !code.Module(i%size-quietZone, i/size-quietZone); bright[i] {
			squares.pixels[i] = rgb{255, 255, 255}
		}
	}
	if paint == paintBlocks {
		return paint.blocks(bright, size), nil
	}
	return paint.halves(squares), nil
}
