package reliability

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPutRow(t *testing.T) {
	t.Parallel()
	const head = "# Page\n<!-- faults -->\n| store | fault | lost |\n| --- | --- | --- |\n"
	const end = "<!-- end of faults -->\nmore\n"
	page := head + end
	for _, row := range [][]string{
		{"memory", "one", "0"}, {"file", "one", "1"}, {"memory", "one more", "2"}, {"memory", "one", "3"},
	} {
		var err error
		page, err = putRow(page, faultTable, 2, row)
		require.NoError(t, err)
	}
	assert.Equal(t, head+"| memory | one | 3 |\n| memory | one more | 2 |\n| file | one | 1 |\n"+end, page)
	for _, page := range []string{"", "<!-- faults -->\n", "<!-- end of faults -->"} {
		_, err := putRow(page, faultTable, 2, []string{"memory", "one"})
		assert.Error(t, err)
	}
}

// The page has what was run, and nothing in it is what must not be.
func TestPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(pagePath)))
	require.NoError(t, err)
	const storeColumn, faultColumn, lostColumn, mixedColumn, whyColumn = 0, 1, 5, 6, 8
	seen := make(map[string]bool)
	rows, err := take(string(text), faultTable)
	require.NoError(t, err)
	for _, row := range rows[2:] {
		cells := strings.Split(strings.Trim(row, "| "), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		for len(cells) <= whyColumn { // Trim takes the last ones that are empty
			cells = append(cells, "")
		}
		seen[cells[storeColumn]+": "+cells[faultColumn]] = true
		assert.Equal(t, "0", cells[mixedColumn], row)
		assert.Equal(t, cells[lostColumn] != "0", cells[whyColumn] != "", row)
		assert.NotContains(t, row, untold)
	}
	faults := append(ServerFaults(time.Second), NewWard(Memory()).Faults(time.Second)...)
	for _, fault := range faults {
		assert.True(t, seen["memory: "+fault.Name], "%s has no row for %q: %s=1 %s=1 go test ./internal/reliability", pagePath, fault.Name, faultsEnv, updateEnv)
	}
	loads, err := take(string(text), loadTable)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(loads), 2+3, fmt.Sprintf("the stores that need nothing else but Redis: %v", loads))
}
