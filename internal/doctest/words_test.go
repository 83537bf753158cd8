package doctest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// privateWords are expressions of this project's own that readers stumbled over, and what to say instead.
var privateWords = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?i)\bwords?\b`), "error code, value, text"},
	{regexp.MustCompile(`(?i)\b(?:person|persons|people|somebody|anybody|person's|people's|somebody's)\b`), "user, signed-in user"},
	{regexp.MustCompile(`(?:^|[.:;] )Who\b`), "name the user or the role"},
	{regexp.MustCompile(`\b(?:of|by|to|for|from|with|tell|tells|told|ask|asks|keeps?) who\b`), "name the user or the role"},
	{regexp.MustCompile(`(?i)\b(?:no|give|gives|given|gave|ask for|has|the) leave\b`), "permission, approval"},
	{regexp.MustCompile(`(?i)\bproofs?\b`), "verification token, sudo token"},
	{regexp.MustCompile(`(?i)\blower layer\b`), "authApi"},
	{regexp.MustCompile(`(?i)\bin (?:the )?place of an? earlier\b`), "replacing an existing session"},
	{regexp.MustCompile(`(?i)\banew\b`), "again"},
	{regexp.MustCompile(`(?i)\bas a rule\b`), "usually"},
	{regexp.MustCompile(`, say\b`), "for example, such as"},
	{regexp.MustCompile(`(?i)\b(?:lives|life|lives on)\b`), "lifetime, runs on"},
	{regexp.MustCompile(`(?i)\b(?:mail address|mail addresses|mail|mails|e-mail)\b`), "email address, email"},
	{regexp.MustCompile(`(?i)\bgrades?\b`), "evidence level"},
	{regexp.MustCompile(`(?i)\b(?:burns?|cures?|spoils?)\b`), "uses up, handles, corrupts"},
	{regexp.MustCompile(`(?i)\b(?:as it was there|else than|the like|what there is|there is none such)\b`), "a plain sentence"},
	{regexp.MustCompile(`(?i)\b(?:fences?|fenced|holders?)\b`), "fencing token, the process or the call that has the lock"},
	{citation, "a citation inside the function"},
}

var citation = regexp.MustCompile(`\bWIRE\.md (?:section )?\d`)

// private returns the private words in a text, with what stands around them.
func private(text string) []string {
	var found []string
	text = strings.Join(strings.Fields(text), " ")
	for _, word := range privateWords {
		for _, at := range word.pattern.FindAllStringIndex(text, -1) {
			around := text[max(0, at[0]-40):min(len(text), at[1]+40)]
			found = append(found, fmt.Sprintf("%q, instead of %s: ...%s...", text[at[0]:at[1]], word.instead, around))
		}
	}
	return found
}

// prose is a page without its code.
func prose(text string) string {
	var b strings.Builder
	inBlock := false
	for line := range strings.Lines(text) {
		if fence.MatchString(line) {
			inBlock = !inBlock
			continue
		}
		if !inBlock {
			b.WriteString(inlineCode.ReplaceAllString(line, "code"))
		}
	}
	return b.String()
}

// guides are the pages for users. WIRE.md, with the facts about the server, is for maintainers.
func guides(t *testing.T) []string {
	t.Helper()
	names := slices.DeleteFunc(files(t, ".md"), func(name string) bool {
		return path.Dir(name) != "docs" || name == "docs/WIRE.md"
	})
	require.Contains(t, names, "docs/stores.md")
	return append(names, "README.md", "README.zh-CN.md")
}

func TestPlainWords(t *testing.T) {
	t.Parallel()
	for _, name := range guides(t) {
		for _, found := range private(prose(read(t, name))) {
			t.Error(name+":", found)
		}
	}
	command, err := exec.LookPath("go")
	if err != nil {
		t.Skip("SKIPPED: the documentation of the packages was not read. There is no go command: ", err)
	}
	for _, dir := range publicPackages(t) {
		cmd := exec.CommandContext(t.Context(), command, "doc", "-all", "./"+dir) //nolint:gosec // the go command
		cmd.Dir = root
		text, err := cmd.Output()
		require.NoError(t, err)
		require.Greater(t, len(text), 500)
		if dir == "authtest" { // whose rules are worth no more than their evidence
			text = citation.ReplaceAll(bytes.Join(bytes.Fields(text), []byte(" ")), nil)
		}
		for _, found := range private(string(text)) {
			t.Errorf("go doc -all %s: %s", dir, found)
		}
	}
}

// TestPlainTexts: what the command prints, its help included, and what errors advise are in plain words too.
func TestPlainTexts(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{
		".", "clikit", "clikit/cobrakit", "clikit/internal/doctor", "clikit/internal/console", "cmd/tcbauth", "cmd/tcbauth/internal/emulator",
		"internal/advice", "authtest", "authtest/internal/page", "authtest/internal/approve",
		"examples/backend", "examples/callfunction", "examples/mytool", "examples/signin", "examples/smslogin",
	} {
		texts := sentencesIn(t, dir)
		require.NotEmpty(t, texts, dir)
		for _, text := range texts {
			for _, found := range private(text) {
				t.Errorf("%s: %s", dir, found)
			}
		}
	}
}

// sentencesIn returns the strings with a space in the code of a package, without its tests.
func sentencesIn(t *testing.T, dir string) (texts []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if field, ok := n.(*ast.Field); ok && field.Tag != nil {
				return false
			}
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING && strings.Contains(literal.Value, " ") {
				texts = append(texts, literal.Value)
			}
			return true
		})
	}
	return texts
}

func TestPrivateWords(t *testing.T) {
	t.Parallel()
	require.Empty(t, private(prose("An error code, `as a rule`, and a user who signs in.\n\n```sh\nlower layer\n```\n")))
	for _, text := range []string{
		"the server's word", "the person who is signed in", "Somebody else", "It is so. Who signs in", "told by who is there", "has given leave",
		"a proof", "the js-sdk's lower layer", "stored in place of an earlier one", "signs in anew", "as a rule", "an emulator, say", "its life",
		"a mail", "the grade", "burns an attempt", "a lock's holder", "gets a fence", "WIRE.md 4.1",
	} {
		assert.NotEmpty(t, private(text), text)
	}
}
