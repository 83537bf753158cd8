package sqlstore

import (
	"fmt"
	"slices"
	"strings"
)

// Dialect is the kind of SQL that a database speaks.
type Dialect int

// The dialects. Other databases that speak one of them may work; the tests use these.
const (
	PostgreSQL Dialect = iota + 1 // PostgreSQL 11 or newer
	MySQL                         // MySQL 5.7 or newer and MariaDB 10.3 or newer, with InnoDB
	SQLite                        // SQLite 3.24 or newer
)

// String returns the dialect's name.
func (d Dialect) String() string {
	switch d {
	case PostgreSQL:
		return "PostgreSQL"
	case MySQL:
		return "MySQL"
	case SQLite:
		return "SQLite"
	}
	return fmt.Sprintf("Dialect(%d)", int(d))
}

// now is the database's clock, in ms since 1970, at the beginning of a statement. The statement may have waited after that;
// the statement that takes a lock allows for it.
func (d Dialect) now() string {
	switch d {
	case PostgreSQL:
		return "CAST(extract(epoch FROM statement_timestamp()) * 1000 AS bigint)"
	case MySQL:
		return "(timestampdiff(MICROSECOND, '1970-01-01', utc_timestamp(6)) DIV 1000)"
	default:
		return "CAST(round((julianday('now') - 2440587.5) * 86400000) AS integer)"
	}
}

// blob is the type for arbitrary bytes.
func (d Dialect) blob() string {
	if d == PostgreSQL {
		return "bytea"
	}
	return "blob"
}

// position is the function that looks for its second argument in its first one.
func (d Dialect) position() string {
	if d == PostgreSQL {
		return "strpos"
	}
	return "instr"
}

// share makes a SELECT wait for a transaction that changes the row, and makes later changes wait for the SELECT. SQLite
// runs one writing statement at a time anyway.
func (d Dialect) share() string {
	if d == PostgreSQL {
		return "FOR SHARE OF l"
	}
	return ""
}

// skipLocked makes a sweep skip rows that others use.
func (d Dialect) skipLocked() string {
	if d == PostgreSQL {
		return "FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// statement is a statement with placeholders for its arguments.
type statement struct {
	text  string
	order []int // which argument each placeholder stands for; nil: each for its own, by its number
}

// bytes marks an argument as arbitrary bytes, and text as text, where a statement does not say its type elsewhere.
func (d Dialect) bytes(arg string) string {
	if d == MySQL { // which takes it for text in the connection's character set otherwise
		return "CAST(" + arg + " AS binary)"
	}
	return "CAST(" + arg + " AS " + d.blob() + ")"
}

func (d Dialect) text(arg string) string {
	if d == MySQL {
		return arg
	}
	return "CAST(" + arg + " AS text)"
}

// compile makes a statement of a text. In the text, {tables} and pieces of the dialect stand in braces, and each argument
// as @name.
func (d Dialect) compile(prefix, text string, args ...string) statement {
	text = strings.NewReplacer(
		"{values}", prefix+"values", "{locks}", prefix+"locks", "{now}", d.now(), "{blob}", d.blob(),
		"{position}", d.position(), "{share}", d.share(), "{skip locked}", d.skipLocked(),
	).Replace(strings.Join(strings.Fields(text), " "))
	var b strings.Builder
	var order []int
	for {
		before, after, more := strings.Cut(text, "@")
		b.WriteString(before)
		if !more {
			break
		}
		end := strings.IndexFunc(after+" ", func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
		i := slices.Index(args, after[:end])
		if d == PostgreSQL {
			fmt.Fprintf(&b, "$%d", i+1)
		} else {
			b.WriteByte('?')
			order = append(order, i)
		}
		text = after[end:]
	}
	return statement{b.String(), order}
}

// bind puts the arguments into the order of the placeholders.
func (s statement) bind(args []any) []any {
	if s.order == nil {
		return args
	}
	all := make([]any, len(s.order))
	for i, arg := range s.order {
		all[i] = args[arg]
	}
	return all
}
