package doctest

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is the top of the repository, as a test of this package sees it.
var root = filepath.Join("..", "..")

// page is a Markdown file.
type page struct {
	name     string // slash-separated, below root
	blocks   []block
	headings []heading
	links    []link
	tables   []table
	code     []span // inline code
}

// block is a fenced block of code.
type block struct {
	language, text string
	line           int
}

// heading is a heading of the kind that begins with #.
type heading struct {
	level int
	text  string
	slug  string // what GitHub makes of it
	line  int
}

// link is the target of a link or image, as it stands in the file.
type link struct {
	target string
	line   int
}

// table has the number of columns of each of its rows, the line under the head left out.
type table struct {
	rows []int
	line int
}

// span is inline code, under the heading with this index; -1 is above the first one.
type span struct {
	text    string
	heading int
}

var (
	fence       = regexp.MustCompile("^( *)(```+|~~~+) *([^ `]*)")
	headingLine = regexp.MustCompile(`^(#{1,6}) +(.*?)(?: +#+)?$`)
	inlineCode  = regexp.MustCompile("`([^`]+)`")
	linkTarget  = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	linkText    = regexp.MustCompile(`!?\[([^\]]*)\]\([^()]*\)`)
	notInSlug   = regexp.MustCompile(`[^\p{L}\p{N}\p{M} _-]`)
	tableRule   = regexp.MustCompile(`^\|( *:?-+:? *\|)+$`)
)

// parseMarkdown reads as much of a page as the checks need: what GitHub shows of it beyond that is markdownlint's.
func parseMarkdown(name, text string) *page {
	p := &page{name: name}
	slugs := make(map[string]int)
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	inTable := false
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if m := fence.FindStringSubmatch(line); m != nil {
			start := i
			var code strings.Builder
			for i++; i < len(lines) && !strings.HasPrefix(strings.TrimLeft(lines[i], " "), m[2]); i++ {
				code.WriteString(strings.TrimPrefix(lines[i], m[1]) + "\n")
			}
			p.blocks = append(p.blocks, block{m[3], code.String(), start + 1})
			inTable = false
			continue
		}
		if m := headingLine.FindStringSubmatch(line); m != nil {
			h := heading{level: len(m[1]), text: m[2], slug: slug(m[2]), line: i + 1}
			if n := slugs[h.slug]; n > 0 {
				slugs[h.slug]++
				h.slug += "-" + strconv.Itoa(n)
			} else {
				slugs[h.slug] = 1
			}
			p.headings = append(p.headings, h)
		}
		for _, m := range inlineCode.FindAllStringSubmatch(line, -1) {
			p.code = append(p.code, span{m[1], len(p.headings) - 1})
		}
		for _, m := range linkTarget.FindAllStringSubmatch(inlineCode.ReplaceAllString(line, "code"), -1) {
			p.links = append(p.links, link{m[1], i + 1})
		}
		switch row := strings.TrimSpace(line); {
		case !strings.HasPrefix(row, "|"):
			inTable = false
		case tableRule.MatchString(row):
		default:
			if !inTable {
				p.tables = append(p.tables, table{line: i + 1})
				inTable = true
			}
			last := &p.tables[len(p.tables)-1]
			last.rows = append(last.rows, strings.Count(strings.ReplaceAll(row, `\|`, ""), "|")-1)
		}
	}
	return p
}

// slug is the anchor that GitHub gives a heading.
func slug(text string) string {
	text = strings.ReplaceAll(linkText.ReplaceAllString(text, "$1"), "`", "")
	return strings.ReplaceAll(notInSlug.ReplaceAllString(strings.ToLower(text), ""), " ", "-")
}

// readPages returns every Markdown file of the repository.
func readPages(t *testing.T) []*page {
	t.Helper()
	var pages []*page
	for _, name := range files(t, ".md") {
		pages = append(pages, readPage(t, name))
	}
	require.Greater(t, len(pages), 10)
	return pages
}

func readPage(t *testing.T, name string) *page {
	t.Helper()
	return parseMarkdown(name, read(t, name))
}

// read returns a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name))) //nolint:gosec // of this repository
	require.NoError(t, err)
	return string(data)
}

// files returns the names of the repository's files that end with ext.
func files(t *testing.T, ext string) []string {
	t.Helper()
	var names []string
	require.NoError(t, filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git" || entry.Name() == "testdata"):
			return filepath.SkipDir
		case !entry.IsDir() && filepath.Ext(name) == ext:
			rel, err := filepath.Rel(root, name)
			names = append(names, filepath.ToSlash(rel))
			return err
		}
		return nil
	}))
	require.NotEmpty(t, names)
	return names
}

// beside is the name of the file to which a relative link on a page leads.
func beside(page, target string) string { return path.Join(path.Dir(page), target) }
