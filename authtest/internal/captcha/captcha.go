// Package captcha draws letters for a person to read.
package captcha

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// Measures of a captcha in pixels, and of its letters in dots.
const (
	length      = 4
	glyphWidth  = 5
	glyphHeight = 7
	dot         = 6
	cell        = (glyphWidth + 2) * dot
	width       = length*cell + 2*dot
	height      = (glyphHeight + 4) * dot
)

// glyphs are letters and digits that cannot be taken for one another, as rows of dots.
var glyphs = map[byte][glyphHeight]uint8{
	'A': {0b01110, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001},
	'C': {0b01110, 0b10001, 0b10000, 0b10000, 0b10000, 0b10001, 0b01110},
	'D': {0b11110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b11110},
	'E': {0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b11111},
	'F': {0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b10000},
	'H': {0b10001, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001},
	'J': {0b00111, 0b00010, 0b00010, 0b00010, 0b00010, 0b10010, 0b01100},
	'K': {0b10001, 0b10010, 0b10100, 0b11000, 0b10100, 0b10010, 0b10001},
	'L': {0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b11111},
	'M': {0b10001, 0b11011, 0b10101, 0b10101, 0b10001, 0b10001, 0b10001},
	'N': {0b10001, 0b11001, 0b10101, 0b10011, 0b10001, 0b10001, 0b10001},
	'P': {0b11110, 0b10001, 0b10001, 0b11110, 0b10000, 0b10000, 0b10000},
	'R': {0b11110, 0b10001, 0b10001, 0b11110, 0b10100, 0b10010, 0b10001},
	'T': {0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100},
	'W': {0b10001, 0b10001, 0b10001, 0b10101, 0b10101, 0b11011, 0b10001},
	'X': {0b10001, 0b10001, 0b01010, 0b00100, 0b01010, 0b10001, 0b10001},
	'Y': {0b10001, 0b10001, 0b01010, 0b00100, 0b00100, 0b00100, 0b00100},
	'3': {0b11111, 0b00010, 0b00100, 0b00010, 0b00001, 0b10001, 0b01110},
	'4': {0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010},
	'7': {0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000},
	'9': {0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100},
}

const alphabet = "ACDEFHJKLMNPRTWXY3479"

// Text returns the letters of a new captcha.
func Text() string {
	text := make([]byte, length)
	for i := range text {
		text[i] = alphabet[random.Below(int64(len(alphabet)))]
	}
	return string(text)
}

// Draw returns a PNG of the letters, each at a height of its own, with some noise. A person can read it; it is not
// made to keep a program from it.
func Draw(text string) []byte {
	palette := color.Palette{
		color.RGBA{0xf4, 0xf4, 0xf0, 0xff},
		color.RGBA{0x20, 0x30, 0x60, 0xff},
		color.RGBA{0x70, 0x20, 0x30, 0xff},
		color.RGBA{0x20, 0x60, 0x40, 0xff},
		color.RGBA{0xb8, 0xb8, 0xb0, 0xff},
	}
	const inks, noise = 3, 4
	img := image.NewPaletted(image.Rect(0, 0, width, height), palette)
	for range 60 {
		x, y := int(random.Below(width-3)), int(random.Below(height-3))
		fill(img, image.Rect(x, y, x+3, y+3), noise)
	}
	for i := range len(text) {
		left, top := dot+i*cell+dot, dot+int(random.Below(2*dot))
		ink := uint8(1 + random.Below(inks)) //nolint:gosec // G115: at most inks
		for row, bits := range glyphs[text[i]] {
			for column := range glyphWidth {
				if bits>>(glyphWidth-1-column)&1 == 1 {
					x, y := left+column*dot, top+row*dot
					fill(img, image.Rect(x, y, x+dot, y+dot), ink)
				}
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(fmt.Sprintf("authtest: draw a captcha: %v", err))
	}
	return out.Bytes()
}

func fill(img *image.Paletted, r image.Rectangle, ink uint8) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			img.SetColorIndex(x, y, ink)
		}
	}
}
