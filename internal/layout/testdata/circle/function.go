// Package circle is a package whose files reach each other.
package circle

func Function() int { return Field{}.Count }
