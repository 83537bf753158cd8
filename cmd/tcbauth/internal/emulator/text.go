package emulator

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// visible is a text as a terminal may show it. What would move its cursor, or turn what follows around, is quoted.
func visible(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.QuoteToASCII(text)
	}
	return text
}

// realSuffix is what CloudBase puts behind the name that somebody gave an environment.
var realSuffix = regexp.MustCompile(`-([0-9a-z]{6,})$`)

// looksReal says whether an environment id could be one that CloudBase has made: it ends in letters and digits at random.
func looksReal(env string) bool {
	found := realSuffix.FindStringSubmatch(env)
	return found != nil && strings.ContainsAny(found[1], "0123456789") && strings.ContainsFunc(found[1], unicode.IsLetter)
}
