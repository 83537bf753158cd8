package sqlstore

import (
	"fmt"
	"strings"
)

// The table of values has a row for each key that something was stored under:
//
//	name     the key, with its user part hashed
//	value    NULL if it was deleted
//	expires  when the row may go, in ms since 1970 by the database's clock
//	writer   the token of the lock under which it was written last
//	number   the number of that write under its lock
//
// The row of a deleted value stays for a while, so that a late copy of an older write under the same lock finds its number.
//
// The table of locks has a row for each key that was locked:
//
//	name     as above
//	token    the fencing token of the lock, new for each Lock, which its writes must show; "" if the lock is free
//	expires  until when the lock is held, or when it was released
//	gone     released tokens whose requests for the lock may still be under way
//
// Each statement is a transaction of its own: between two of them only rows remain.
//
// A statement that takes a lock cannot read the guarded values: it may have waited for the lock, and sees the state from
// when it began.

// statements are all statements of a Store, for its dialect and tables.
type statements struct {
	get                           statement // one row with the value, or none
	put, remove                   statement // without a lock
	heldGet                       several   // a row for each value, one of NULLs if there is none, and no row if the lock is another's
	heldPut                       several
	swap                          several   // heldPut, if the first value is still the old one, or if the swap was done already
	swapped                       statement // whether a swap that changed nothing was done: a row, of NULL if not, none if the lock is another's
	acquire, renew, release, quit statement
	holds                         statement // one row if the lock is held by the token
	sweepValues, sweepLocks       statement
}

// several are statements about several values, indexed by their number less one. The names and values are the last
// arguments.
type several [mostTogether]statement

// mostTogether is the largest number of values in one statement.
const mostTogether = 6

func newStatements(d Dialect, prefix string) *statements {
	compile := func(text string, args ...string) statement { return d.compile(prefix, text, args...) }
	s := &statements{
		get: compile(`SELECT value FROM {values} WHERE name = @name AND value IS NOT NULL AND expires > {now}`, "name"),
		remove: compile(`UPDATE {values} SET value = NULL, expires = {now} + @keep WHERE name = @name AND value IS NOT NULL`,
			"name", "keep"),
		swapped: compile(`SELECT v.number FROM {locks} l LEFT JOIN {values} v
			ON v.name = @name AND v.writer = l.token AND v.number >= @number
			WHERE l.name = @lock AND l.token = @token`, "lock", "token", "name", "number"),
		renew:   compile(`UPDATE {locks} SET expires = {now} + @lease WHERE name = @lock AND token = @token`, "lock", "token", "lease"),
		release: compile(`UPDATE {locks} SET token = '', expires = {now} WHERE name = @lock AND token = @token`, "lock", "token"),
		holds:   compile(`SELECT 1 FROM {locks} WHERE name = @lock AND token = @token`, "lock", "token"),
	}
	guarded := guardedStandard
	if d == MySQL {
		guarded = guardedMySQL
		s.addMySQL(compile)
	} else {
		s.addStandard(compile)
	}
	for i := range mostTogether {
		var names, places, rows, args []string
		for k := range i + 1 {
			name, value := fmt.Sprint("name", k), fmt.Sprint("value", k)
			names, places, args = append(names, name), append(places, "@"+name), append(args, name, value)
			rows = append(rows, "SELECT "+d.text("@"+name)+" AS name, "+d.bytes("@"+value)+" AS value")
		}
		s.heldGet[i] = compile(`SELECT v.name, v.value FROM {locks} l LEFT JOIN {values} v
			ON v.name IN (`+strings.Join(places, ", ")+`) AND v.value IS NOT NULL AND v.expires > {now}
			WHERE l.name = @lock AND l.token = @token`, append([]string{"lock", "token"}, names...)...)
		stored := strings.Join(rows, " UNION ALL ")
		s.heldPut[i] = compile(guarded(stored, ""), append([]string{"lock", "token", "number", "ttl"}, args...)...)
		s.swap[i] = compile(guarded(stored, `AND EXISTS (SELECT 1 FROM {values} w WHERE w.name = @name0
			AND (w.value = @old AND w.expires > {now} OR w.writer = @token AND w.number >= @number))`),
			append([]string{"lock", "token", "number", "ttl", "old"}, args...)...)
	}
	return s
}

// guardedStandard is the text of a statement that stores the rows of a SELECT for the caller that has a lock, on a further
// condition.
func guardedStandard(rows, condition string) string {
	return `INSERT INTO {values} AS v (name, value, expires, writer, number)
		SELECT k.name, k.value, {now} + @ttl, l.token, CAST(@number AS bigint) FROM {locks} AS l, (` + rows + `) AS k
		WHERE l.name = @lock AND l.token = @token ` + condition + ` {share}
		ON CONFLICT (name) DO UPDATE
		SET value = excluded.value, expires = excluded.expires, writer = excluded.writer, number = excluded.number
		WHERE v.writer <> excluded.writer OR v.number < excluded.number`
}

// guardedMySQL is the same for MySQL.
func guardedMySQL(rows, condition string) string {
	const newer = `{values}.writer <> VALUES(writer) OR {values}.number < VALUES(number)`
	return `INSERT INTO {values} (name, value, expires, writer, number)
		SELECT k.name, k.value, {now} + @ttl, l.token, @number FROM {locks} AS l, (` + rows + `) AS k
		WHERE l.name = @lock AND l.token = @token ` + condition + ` LOCK IN SHARE MODE
		ON DUPLICATE KEY UPDATE
		value = IF(` + newer + `, VALUES(value), {values}.value),
		expires = IF(` + newer + `, VALUES(expires), {values}.expires),
		number = IF(` + newer + `, VALUES(number), {values}.number),
		writer = VALUES(writer)`
}

// addStandard adds the statements that are the same in PostgreSQL and SQLite.
func (s *statements) addStandard(compile func(text string, args ...string) statement) {
	s.put = compile(`INSERT INTO {values} (name, value, expires, writer, number) VALUES (@name, @value, {now} + @ttl, '', 0)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, expires = excluded.expires`, "name", "value", "ttl")
	s.acquire = compile(`INSERT INTO {locks} AS l (name, token, expires, gone) VALUES (@lock, @token, {now} + @lease, '')
		ON CONFLICT (name) DO UPDATE SET token = excluded.token, expires = excluded.expires
		WHERE (l.token IN ('', excluded.token) OR l.expires <= {now}) AND {position}(l.gone, excluded.token) = 0`,
		"lock", "token", "lease")
	s.quit = compile(`INSERT INTO {locks} AS l (name, token, expires, gone) VALUES (@lock, '', {now}, @token)
		ON CONFLICT (name) DO UPDATE SET gone = substr(excluded.gone || l.gone, 1, `+goneChars+`),
		expires = CASE WHEN l.token = excluded.gone OR l.expires < excluded.expires THEN excluded.expires ELSE l.expires END,
		token = CASE WHEN l.token = excluded.gone THEN '' ELSE l.token END`, "lock", "token")
	s.sweepValues = compile(`DELETE FROM {values} WHERE expires <= {now} AND name IN
		(SELECT name FROM {values} WHERE expires <= {now} LIMIT @most {skip locked})`, "most")
	s.sweepLocks = compile(`DELETE FROM {locks} WHERE expires <= {now} - @keep AND name IN
		(SELECT name FROM {locks} WHERE expires <= {now} - @keep LIMIT @most {skip locked})`, "most", "keep")
}

// addMySQL adds the statements of MySQL. There, an assignment sees the results of those before it.
func (s *statements) addMySQL(compile func(text string, args ...string) statement) {
	s.put = compile(`INSERT INTO {values} (name, value, expires, writer, number) VALUES (@name, @value, {now} + @ttl, '', 0)
		ON DUPLICATE KEY UPDATE value = VALUES(value), expires = VALUES(expires)`, "name", "value", "ttl")
	s.acquire = compile(`INSERT INTO {locks} (name, token, expires, gone) VALUES (@lock, @token, {now} + @lease, '')
		ON DUPLICATE KEY UPDATE
		token = IF((token = '' OR expires <= {now}) AND {position}(gone, VALUES(token)) = 0, VALUES(token), token),
		expires = IF(token = VALUES(token), VALUES(expires), expires)`, "lock", "token", "lease")
	s.quit = compile(`INSERT INTO {locks} (name, token, expires, gone) VALUES (@lock, '', {now}, @token)
		ON DUPLICATE KEY UPDATE gone = left(concat(VALUES(gone), gone), `+goneChars+`),
		expires = IF(token = @token OR expires < VALUES(expires), VALUES(expires), expires),
		token = IF(token = @token, '', token)`, "lock", "token")
	s.sweepValues = compile(`DELETE FROM {values} WHERE expires <= {now} LIMIT @most`, "most")
	s.sweepLocks = compile(`DELETE FROM {locks} WHERE expires <= {now} - @keep LIMIT @most`, "most", "keep")
}
