package doctest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// chinese ends the names of the pages that say in Chinese what the page without it says in English.
const chinese = ".zh-CN.md"

func TestParity(t *testing.T) {
	t.Parallel()
	pages := make(map[string]*page)
	for _, p := range readPages(t) {
		pages[p.name] = p
	}
	translated := func(name string) bool { return pages[strings.TrimSuffix(name, ".md")+chinese] != nil }
	pairs := 0
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		base, ok := strings.CutSuffix(name, chinese)
		if !ok {
			continue
		}
		pairs++
		if english := pages[base+".md"]; assert.NotNil(t, english, "%s has no English page", name) {
			assert.Empty(t, disparities(english, pages[name], translated))
		}
	}
	assert.Positive(t, pairs)
}

var shellComment = regexp.MustCompile(`(?m)(^|\s)#.*$`)

// disparities names what one language's page has and the other has not. translated says of the name of an English page
// whether there is a Chinese one, to which a Chinese page must then lead.
func disparities(en, zh *page, translated func(name string) bool) []string {
	var out []string
	differ := func(what string, english, translation []string) {
		for i := range max(len(english), len(translation)) {
			var a, b string
			if i < len(english) {
				a = english[i]
			}
			if i < len(translation) {
				b = translation[i]
			}
			if a != b {
				out = append(out, fmt.Sprintf("%s: %s %d: %q in English, %q in Chinese", zh.name, what, i+1, a, b))
				return
			}
		}
	}
	differ("heading", headings(en), headings(zh))
	differ("table", tables(en), tables(zh))
	differ("block of code", codeBlocks(en), codeBlocks(zh))
	differ("link", linkTargets(en), linkTargets(zh))
	differ("inline code", inlineNames(en), inlineNames(zh))
	for _, l := range zh.links {
		file, _, _ := strings.Cut(l.target, "#")
		if name := beside(zh.name, file); file != "" && !strings.HasSuffix(file, chinese) && name != en.name && translated(name) {
			out = append(out, fmt.Sprintf("%s:%d: %s leads to the English page", zh.name, l.line, l.target))
		}
	}
	return out
}

func headings(p *page) []string {
	var out []string
	for _, h := range p.headings {
		out = append(out, strings.Repeat("#", h.level))
	}
	return out
}

func tables(p *page) []string {
	var out []string
	for _, t := range p.tables {
		out = append(out, fmt.Sprint(t.rows))
	}
	return out
}

func codeBlocks(p *page) []string {
	var out []string
	for _, b := range p.blocks {
		text := bare(b.text)
		if b.language != "go" {
			text = bare(shellComment.ReplaceAllString(b.text, ""))
		}
		out = append(out, b.language+text)
	}
	return out
}

// linkTargets are sorted, since the order of words is not that of the other language.
func linkTargets(p *page) []string {
	var out []string
	for _, l := range p.links {
		file, _, anchor := strings.Cut(l.target, "#")
		if file = strings.ReplaceAll(file, chinese, ".md"); anchor {
			file += "#"
		}
		out = append(out, file)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// inlineNames are what stands as code under each heading.
func inlineNames(p *page) []string {
	var out []string
	for _, s := range p.code {
		out = append(out, fmt.Sprintf("%03d %s", s.heading+1, s.text))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestDisparities(t *testing.T) {
	t.Parallel()
	const english = "# A\n\nSee [b](docs/b.md#x), `New` and `App`.\n\n## B\n\n| a | b |\n| --- | --- |\n| 1 | `x` |\n\n```go\nx := 1 // one\n```\n\n```sh\ngo run . # it runs\n```\n"
	const translation = "# 甲\n\n`App`、`New`，见 [乙](docs/b.zh-CN.md#二)。\n\n## 乙\n\n| 甲 | 乙 |\n| --- | --- |\n| 1 | `x` |\n\n```go\nx := 1 // 一\n```\n\n```sh\ngo run . # 运行\n```\n"
	check := func(zh string) []string {
		return disparities(parseMarkdown("README.md", english), parseMarkdown("README.zh-CN.md", zh), func(name string) bool { return name == "docs/b.md" })
	}
	require.Empty(t, check(translation))
	for good, bad := range map[string]string{
		"## 乙": "### 乙", "x := 1": "x := 2", "go run .": "go run ./x", "| 1 | `x` |\n": "", "`New`": "", "b.zh-CN.md": "c.zh-CN.md",
		"docs/b.zh-CN.md": "docs/b.md", "| `x` |": "| `y` |", "| 1 ": "| 1 | 2 ", "[乙](docs/b.zh-CN.md#二)": "乙",
	} {
		assert.NotEmpty(t, check(strings.Replace(translation, good, bad, 1)), "%q in the place of %q", bad, good)
	}
}
