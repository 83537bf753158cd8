package circle

const one = two - 1
