package circle

type Field struct{ Count int }

func count() int { return new(Method[int]).Walk() }
