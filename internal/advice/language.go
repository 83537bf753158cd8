package advice

import (
	"math"
	"slices"
	"strings"
)

// Language is one that this module speaks to people and developers. It is a tag of BCP 47.
type Language string

// The languages, best known first.
const (
	English            Language = "en"
	SimplifiedChinese  Language = "zh-Hans"
	TraditionalChinese Language = "zh-Hant"
)

var languages = [...]Language{English, SimplifiedChinese, TraditionalChinese}

// maxAcceptLanguage is the longest value that is taken, in bytes. Browsers send some dozens.
const maxAcceptLanguage = 1024

// languageRange is one element of an Accept-Language value: a tag, part of one or "*", and how much it is wanted, in
// thousandths.
type languageRange struct {
	tag     string // in lower case
	quality int
}

// AcceptLanguage returns value, without the blanks around it, if it can be that of the header Accept-Language and names a
// language: ranges with or without a q, separated by commas (RFC 9110, 12.5.4), in at most 1,024 bytes. A single tag, such as
// zh-CN, is one.
func AcceptLanguage(value string) (header string, ok bool) {
	ranges, ok := parseAcceptLanguage(value)
	if !ok || len(ranges) == 0 {
		return "", false
	}
	return trimBlanks(value), true
}

// Match returns the language that a value of Accept-Language wants most: of several that it wants equally, the one that it
// names first. Chinese is simplified, unless the tag has the script Hant, or no script and the region TW, HK or MO. It is
// English where no other language is wanted, and where value is none that [AcceptLanguage] takes.
func Match(acceptLanguage string) Language {
	ranges, ok := parseAcceptLanguage(acceptLanguage)
	if !ok {
		return English
	}
	best, quality, place := English, 0, math.MaxInt
	for _, language := range languages {
		q, at := wanted(ranges, language)
		if q > quality || q == quality && q > 0 && at < place {
			best, quality, place = language, q, at
		}
	}
	return best
}

// wanted returns how much ranges want a language, and the place of the range that says so. What they do not name is wanted as
// much as "*" is.
func wanted(ranges []languageRange, language Language) (quality, place int) {
	quality, place = -1, math.MaxInt
	for i, r := range ranges {
		if r.quality > quality && languageOf(r.tag) == language {
			quality, place = r.quality, i
		}
	}
	if quality >= 0 {
		return quality, place
	}
	if i := slices.IndexFunc(ranges, func(r languageRange) bool { return r.tag == "*" }); i >= 0 {
		return ranges[i].quality, i
	}
	return 0, place
}

// languageOf is the language of this module that a range is about, "" for none.
func languageOf(tag string) Language {
	primary, rest, _ := strings.Cut(tag, "-")
	switch primary {
	case "en":
		return English
	case "zh":
		return chineseOf(rest)
	}
	return ""
}

// chineseOf tells the two ways of writing apart, by what follows zh. A script says more than a region.
func chineseOf(rest string) Language {
	language := SimplifiedChinese
	for subtag := range strings.SplitSeq(rest, "-") {
		switch subtag {
		case "hans":
			return SimplifiedChinese
		case "hant":
			return TraditionalChinese
		case "tw", "hk", "mo":
			language = TraditionalChinese
		}
		if len(subtag) == 1 { // an extension begins
			break
		}
	}
	return language
}

// parseAcceptLanguage splits a value into its ranges. Empty elements are skipped, as RFC 9110, 5.6.1.2, wants it of whoever
// reads a list.
func parseAcceptLanguage(value string) (ranges []languageRange, ok bool) {
	if len(value) > maxAcceptLanguage {
		return nil, false
	}
	for element := range strings.SplitSeq(value, ",") {
		if element = trimBlanks(element); element == "" {
			continue
		}
		tag, weight, weighted := strings.Cut(element, ";")
		r := languageRange{tag: strings.ToLower(trimBlanks(tag)), quality: 1000}
		if weighted {
			if r.quality, ok = parseWeight(trimBlanks(weight)); !ok {
				return nil, false
			}
		}
		if !isRange(r.tag) {
			return nil, false
		}
		ranges = append(ranges, r)
	}
	return ranges, true
}

func trimBlanks(s string) string { return strings.Trim(s, " \t") }

// isRange reports whether tag, in lower case, is "*" or has subtags of one to eight letters and digits, the first without
// digits: a basic language range of RFC 4647, 2.1.
func isRange(tag string) bool {
	if tag == "*" {
		return true
	}
	first := true
	for subtag := range strings.SplitSeq(tag, "-") {
		if subtag == "" || len(subtag) > 8 {
			return false
		}
		for i := range len(subtag) {
			letter, digit := 'a' <= subtag[i] && subtag[i] <= 'z', '0' <= subtag[i] && subtag[i] <= '9'
			if !letter && (first || !digit) {
				return false
			}
		}
		first = false
	}
	return true
}

// parseWeight reads q=0 to q=1 with up to three digits after the point (RFC 9110, 12.4.2), in thousandths.
func parseWeight(weight string) (thousandths int, ok bool) {
	if len(weight) < 2 || weight[0]|0x20 != 'q' || weight[1] != '=' {
		return 0, false
	}
	whole, fraction, _ := strings.Cut(weight[2:], ".")
	if whole != "0" && whole != "1" || len(fraction) > 3 {
		return 0, false
	}
	for _, digit := range []byte((whole + fraction + "000")[:4]) {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		thousandths = 10*thousandths + int(digit-'0')
	}
	return thousandths, thousandths <= 1000
}
