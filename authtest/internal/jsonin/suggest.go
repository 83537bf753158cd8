package jsonin

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// unknown says that there is no such name, and which one was meant or which there are.
func unknown(name string, known map[string]reflect.Type) string {
	text := "unknown name " + quoted(name)
	names := slices.Sorted(maps.Keys(known))
	best, least := "", 1+max(1, (len(name)+1)/3)
	for _, other := range names {
		distance := distance(strings.ToLower(name), other)
		if len(name) > 2 && strings.Contains(other, strings.ToLower(name)) {
			distance = 1 // a part of it, such as phone
		}
		if distance < least {
			best, least = other, distance
		}
	}
	if best != "" {
		return text + `: did you mean "` + best + `"?`
	}
	return text + ": want " + strings.Join(names, ", ")
}

// distance is how many letters must be put in, left out or changed to make one word of the other (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func quoted(name string) string {
	if len(name) > 40 {
		name = name[:40] + "..."
	}
	return strconv.QuoteToASCII(name)
}
