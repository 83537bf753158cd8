package page

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// This file has how the page writes what it shows.

func second(t time.Time) string { return t.Local().Format(time.TimeOnly) }

// stamp is a moment as HTML writes it, with the offset of the zone of second and full.
func stamp(t time.Time) string { return t.Local().Format("2006-01-02T15:04:05.000Z07:00") }

func full(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 -07:00") }

// short is a duration without parts that are zero, such as 2h or 30d.
func short(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// millis is how long something took.
func millis(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < 10*time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	default:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
}

// visible is a text as a page may show it. It is quoted if it has what cannot be seen, or what would turn the text around it. What is
// between characters of emoji, Chinese or Persian is part of these: a joiner or a space of Unicode.
func visible(text string) string {
	var before rune
	for _, r := range text {
		const zwnj, zwj = '\u200C', '\u200D'
		within := before > unicode.MaxASCII && (r == zwnj || r == zwj || unicode.Is(unicode.Zs, r))
		if !within && !unicode.IsPrint(r) {
			return strconv.Quote(text)
		}
		before = r
	}
	return text
}

// readDuration reads what short writes.
func readDuration(text string) (d time.Duration, ok bool) {
	text = strings.ReplaceAll(strings.TrimSpace(text), " ", "")
	if days, cut := strings.CutSuffix(text, "d"); cut {
		n, err := strconv.ParseFloat(days, 64)
		const most = 100_000
		if err != nil || !(n >= -most && n <= most) { // NaN is no number of days
			return 0, false
		}
		return time.Duration(n * float64(24*time.Hour)), true
	}
	d, err := time.ParseDuration(text)
	return d, err == nil
}
