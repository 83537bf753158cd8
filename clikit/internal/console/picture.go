package console

import (
	"fmt"
	"image"
	"image/color"
	"io"
	"strings"
)

// Picture draws a picture, as wide as the terminal at most, with two pixels in each character. Without colours (NO_COLOR, or
// a terminal that has none) it shows which pixels stand out, in the terminal's own colour, as is enough for letters. The error
// is ErrNoTerminal when nobody would see it.
func (c *Console) Picture(img image.Image) error {
	out := c.screen()
	if !out.terminal {
		return ErrNoTerminal
	}
	columns, rows := out.size()
	small := shrink(img, columns-1, 2*max(rows-3, minRows))
	_, err := io.WriteString(out, c.paint().halves(small))
	return err
}

// minRows is what a picture may take of a terminal that is very low.
const minRows = 10

// raster is a picture of opaque colours.
type raster struct {
	width, height int
	pixels        []rgb
}

type rgb struct{ r, g, b uint8 }

func (p raster) at(x, y int) rgb { return p.pixels[y*p.width+x] }

// luma is how bright a colour is, of 255 (ITU-R BT.601).
func (c rgb) luma() int { return (299*int(c.r) + 587*int(c.g) + 114*int(c.b)) / 1000 }

// shrink makes a picture no larger than so many pixels, each the mean of those that it stands for, on white. A small one keeps
// its size.
func shrink(img image.Image, maxWidth, maxHeight int) raster {
	bounds := img.Bounds()
	w, h := bounds.Dx(), bounds.Dy()
	width, height := min(w, maxWidth), h
	if width < w {
		height = max(1, (h*width+w/2)/w)
	}
	if height > maxHeight {
		width, height = max(1, (w*maxHeight+h/2)/h), maxHeight
	}
	p := raster{width, height, make([]rgb, 0, width*height)}
	for y := range height {
		for x := range width {
			area := image.Rect(x*w/width, y*h/height, (x+1)*w/width, (y+1)*h/height)
			p.pixels = append(p.pixels, mean(img, area.Add(bounds.Min)))
		}
	}
	return p
}

// mean is the colour that an area has on the whole, on white.
func mean(img image.Image, area image.Rectangle) rgb {
	var r, g, b, n uint64
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			c, ok := color.RGBA64Model.Convert(img.At(x, y)).(color.RGBA64)
			if !ok {
				continue
			}
			white := uint64(0xffff - c.A)
			r, g, b, n = r+uint64(c.R)+white, g+uint64(c.G)+white, b+uint64(c.B)+white, n+1
		}
	}
	if n == 0 {
		return rgb{255, 255, 255}
	}
	part := func(sum uint64) uint8 { return uint8(min(sum/n>>8, 255)) }
	return rgb{part(r), part(g), part(b)}
}

// paint is what a terminal can show.
type paint int

const (
	paintASCII  paint = iota // only ASCII
	paintBlocks              // block characters, in the terminal's own colour
	paint256                 // the colours of a palette
	paintFull                // any colour
)

// paint depends on variables that terminals and users set.
func (c *Console) paint() paint {
	switch {
	case !c.unicode():
		return paintASCII
	case c.variable("NO_COLOR") != "" || c.dumb():
		return paintBlocks
	case strings.Contains(c.variable("COLORTERM"), "truecolor"), strings.Contains(c.variable("COLORTERM"), "24bit"),
		c.variable("WT_SESSION") != "":
		return paintFull
	default:
		return paint256
	}
}

// unicode reports whether the terminal shows more than ASCII: always, but where the locale names another encoding.
func (c *Console) unicode() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := c.variable(name); locale != "" {
			_, charset, named := strings.Cut(strings.ToLower(locale), ".")
			return !named || strings.HasPrefix(charset, "utf-8") || strings.HasPrefix(charset, "utf8")
		}
	}
	return true
}

// halves draws two rows of pixels in each line of text.
func (p paint) halves(img raster) string {
	if p < paint256 {
		return p.blocks(stands(img), img.width)
	}
	var text strings.Builder
	for y := 0; y < img.height; y += 2 {
		before := [2]string{}
		for x := range img.width {
			now := [2]string{"38;" + p.code(img.at(x, y)), "49"}
			if y+1 < img.height {
				now[1] = "48;" + p.code(img.at(x, y+1))
			}
			for i, code := range now {
				if code != before[i] {
					text.WriteString("\x1b[" + code + "m")
				}
			}
			before = now
			text.WriteString("▀")
		}
		text.WriteString("\x1b[0m\n")
	}
	return text.String()
}

// code is a colour in an escape sequence that sets one.
func (p paint) code(c rgb) string {
	if p == paintFull {
		return fmt.Sprintf("2;%d;%d;%d", c.r, c.g, c.b)
	}
	return fmt.Sprintf("5;%d", palette(c))
}

// palette is the number of the nearest colour of the 6 x 6 x 6 colours and 24 greys that all terminals of 256 colours share.
func palette(c rgb) int {
	level := func(v uint8) int { // 0, 95, 135, 175, 215, 255
		if v < 48 {
			return 0
		}
		return min(5, max(1, (int(v)-35)/40))
	}
	value := func(level int) int {
		if level == 0 {
			return 0
		}
		return 55 + 40*level
	}
	r, g, b := level(c.r), level(c.g), level(c.b)
	grey := min(23, max(0, (c.luma()-3)/10)) // 8, 18, ... 238
	if v := 8 + 10*grey; c.distance(v, v, v) < c.distance(value(r), value(g), value(b)) {
		return 232 + grey
	}
	return 16 + 36*r + 6*g + b
}

func (c rgb) distance(r, g, b int) int {
	r, g, b = r-int(c.r), g-int(c.g), b-int(c.b)
	return r*r + g*g + b*b
}

// blocks draws the pixels of a mask, two rows of them in each line of text.
func (p paint) blocks(mask []bool, width int) string {
	marks := []string{" ", "▀", "▄", "█"}
	if p == paintASCII {
		marks = []string{" ", "'", ".", "#"}
	}
	var text strings.Builder
	for ; len(mask) > 0; mask = mask[min(2*width, len(mask)):] {
		line := ""
		for x := range width {
			mark := 0
			if mask[x] {
				mark++
			}
			if width+x < len(mask) && mask[width+x] {
				mark += 2
			}
			line += marks[mark]
		}
		text.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return text.String()
}

// stands reports which pixels stand out from the rest: the dark ones or the bright ones, whichever are fewer. So a picture reads
// the same on a dark and on a bright terminal. The line between dark and bright is where the two sides differ most (Otsu).
func stands(img raster) []bool {
	var counts [256]int
	sum := 0
	for _, c := range img.pixels {
		counts[c.luma()]++
		sum += c.luma()
	}
	total := len(img.pixels)
	limit, darker, best := 0, 0, -1.0
	n, part := 0, 0
	for v, count := range counts {
		n, part = n+count, part+v*count
		if n == 0 || n == total {
			continue
		}
		apart := float64(part)/float64(n) - float64(sum-part)/float64(total-n)
		if score := float64(n) * float64(total-n) * apart * apart; score > best {
			limit, darker, best = v, n, score
		}
	}
	mask := make([]bool, total)
	if best < 0 { // of one colour
		return mask
	}
	for i, c := range img.pixels {
		mask[i] = (c.luma() <= limit) == (2*darker <= total)
	}
	return mask
}
