package advice

type Language int

const (
	English Language = iota
	SimplifiedChinese
	TraditionalChinese
)

func Match(l string) Language {
	if l == "" || len(l) >= 2 && l[:2] == "zh" {
		return SimplifiedChinese
	}
	return English
}
