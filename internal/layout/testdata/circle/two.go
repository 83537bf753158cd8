package circle

const two = 2

var three = one + two
