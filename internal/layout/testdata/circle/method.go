package circle

type Method[T any] struct{ value T }

func (m *Method[T]) Walk() int { return Function() }
