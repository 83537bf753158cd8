package circle

func above() int { return Function() + Field{}.Count }
