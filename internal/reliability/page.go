package reliability

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// updateEnv has the page written.
const updateEnv = "TCBAUTH_UPDATE_RELIABILITY"

// pagePath is the page, from the module's root.
const pagePath = "docs/RELIABILITY.md"

// A table of the page lies between two lines: <!-- name --> and <!-- end of name -->. A row is known by its first cells.
const (
	loadTable   = "load"
	faultTable  = "faults"
	machineLine = "machine"
)

// Record writes the figures into the page, if the environment asks for it.
func (f *Figures) Record(tb testing.TB) {
	tb.Helper()
	record(tb, loadTable, 1, []string{
		f.Store, fmt.Sprint(f.Requests), f.AtHand.String(), f.Renewed.String(), f.SignIns.String(), f.SignOuts.String(),
		fmt.Sprintf("%.0f", f.Storm), fmt.Sprint(f.Failed), fmt.Sprint(f.MixedUp),
	})
}

// Record writes the outcome into the page, if the environment asks for it.
func (o *Outcome) Record(tb testing.TB) {
	tb.Helper()
	recovery := "at once"
	if tenths := o.Recovery.Round(100 * time.Millisecond); tenths > 0 {
		recovery = tenths.String()
	}
	record(tb, faultTable, 2, []string{
		o.Store, o.Fault, o.Lasted.String(), fmt.Sprint(o.Calls), o.failed(), fmt.Sprint(o.Lost), fmt.Sprint(o.MixedUp), recovery, o.Why,
	})
}

var pageTurn sync.Mutex

func record(tb testing.TB, table string, keys int, row []string) {
	tb.Helper()
	if os.Getenv(updateEnv) == "" {
		return
	}
	pageTurn.Lock()
	defer pageTurn.Unlock()
	path, err := findPage()
	if err != nil {
		tb.Fatal(err)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the page of this module
	if err != nil {
		tb.Fatal(err)
	}
	page, err := putRow(string(text), table, keys, row)
	if err == nil {
		page, err = put(page, machineLine, []string{Machine() + ", " + time.Now().Format(time.DateOnly)})
	}
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(page), 0o644); err != nil { //nolint:gosec // a page that everybody may read
		tb.Fatal(err)
	}
}

// findPage looks in the directories above the test's.
func findPage() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, filepath.FromSlash(pagePath))
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("there is no %s above the test", pagePath)
		}
	}
	return "", err
}

// putRow puts a row into a table: in place of the one with the same first cells, else behind the last of the same store.
func putRow(page, table string, keys int, row []string) (string, error) {
	lines, err := take(page, table)
	if err != nil {
		return "", err
	}
	line := "| " + strings.Join(row, " | ") + " |"
	begins := func(n int) string { return "| " + strings.Join(row[:n], " | ") + " |" }
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, begins(keys)) })
	if at >= 0 {
		lines[at] = line
		return put(page, table, lines)
	}
	at = len(lines)
	for i, l := range lines {
		if strings.HasPrefix(l, begins(1)) {
			at = i + 1
		}
	}
	return put(page, table, slices.Insert(lines, at, line))
}

// take returns the lines of a part of the page.
func take(page, name string) ([]string, error) {
	_, rest, begun := strings.Cut(page, "<!-- "+name+" -->\n")
	text, _, ended := strings.Cut(rest, "<!-- end of "+name+" -->")
	if !begun || !ended {
		return nil, fmt.Errorf("%s has no part %s", pagePath, name)
	}
	return strings.Split(strings.TrimSpace(text), "\n"), nil
}

// put replaces the lines of a part of the page.
func put(page, name string, lines []string) (string, error) {
	if _, err := take(page, name); err != nil {
		return "", err
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->"
	before, rest, _ := strings.Cut(page, begin)
	_, after, _ := strings.Cut(rest, end)
	return before + begin + strings.Join(lines, "\n") + "\n" + end + after, nil
}

// Machine names the machine that this runs on.
func Machine() string {
	model := "unknown processor"
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil { // elsewhere it stays unknown
		for line := range strings.Lines(string(data)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s/%s, %s", model, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}
