package doctest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMarkdownLinks(t *testing.T) {
	t.Parallel()
	pages := readPages(t)
	assert.Empty(t, brokenLinks(pages, func(name string) bool {
		_, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
		return err == nil
	}))
}

// repository begins the links to this repository that have to be whole, such as those of forms on GitHub.
var repository = regexp.MustCompile(`^https://github\.com/cloudbase-community/tcbauth/(?:blob|tree)/main/`)

// brokenLinks names the links to files and headings that are not there.
func brokenLinks(pages []*page, exists func(name string) bool) []string {
	anchors := make(map[string][]string)
	for _, p := range pages {
		for _, h := range p.headings {
			anchors[p.name] = append(anchors[p.name], h.slug)
		}
	}
	var broken []string
	for _, p := range pages {
		for _, l := range p.links {
			target := l.target
			name := ""
			switch whole := repository.FindString(target); {
			case whole != "":
				target = strings.TrimPrefix(target, whole)
			case strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:"):
				continue
			default:
				name = p.name
			}
			file, anchor, _ := strings.Cut(target, "#")
			if file != "" {
				name = beside(name, file)
			}
			if !exists(name) || anchor != "" && !slices.Contains(anchors[name], anchor) {
				broken = append(broken, fmt.Sprintf("%s:%d: %s", p.name, l.line, l.target))
			}
		}
	}
	return broken
}

func TestBrokenLinks(t *testing.T) {
	t.Parallel()
	const text = "# A `b` c\n\n## 中文 标题\n\n## A b c\n\n[1](#a-b-c) [2](docs/x.md#there) [3](#中文-标题) [4](https://example.com) [5](#a-b-c-1)\n" +
		"[6](https://github.com/cloudbase-community/tcbauth/blob/main/docs/x.md#there)\n"
	const other = "# There\n\n[back](../README.md)\n"
	check := func(text string) []string {
		return brokenLinks([]*page{parseMarkdown("README.md", text), parseMarkdown("docs/x.md", other)}, func(name string) bool {
			return name == "README.md" || name == "docs/x.md"
		})
	}
	require.Empty(t, check(text))
	for good, bad := range map[string]string{
		"docs/x.md#there) [3": "docs/y.md) [3", "x.md#there": "x.md#here", "#a-b-c)": "#a-b-d)", "#中文-标题": "#中文标题", "#a-b-c-1": "#a-b-c-2",
		"main/docs/x.md": "main/docs/y.md",
	} {
		assert.NotEmpty(t, check(strings.ReplaceAll(text, good, bad)), bad)
	}
	assert.Equal(t, []string{"README.md:1: gone.md"}, check("[1](gone.md) `[2](code.md)`\n\n```\n[3](code.md)\n```\n"))
}

var pageInComment = regexp.MustCompile(`\b(?:docs|conformance)/[\w.-]+\.md\b`)

// Comments and texts of the code name pages too.
func TestPagesInCode(t *testing.T) {
	t.Parallel()
	for _, name := range files(t, ".go") {
		if strings.HasPrefix(name, "internal/doctest/") {
			continue
		}
		for _, file := range pageInComment.FindAllString(read(t, name), -1) {
			_, err := os.Stat(filepath.Join(root, filepath.FromSlash(file)))
			assert.NoError(t, err, name)
		}
	}
}
