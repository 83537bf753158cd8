package tcbauth

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// serverPhone is the pattern in the server's own words (WIRE.md 4.1).
var serverPhone = regexp.MustCompile(`^\+[1-9][0-9]{0,3}\s[0-9]{4,20}$`)

func TestNormalizePhone(t *testing.T) {
	t.Parallel()
	const mainland = "+86 13800000000"
	tests := []struct{ in, want string }{
		// Mainland China.
		{"13800000000", mainland},
		{"138 0000 0000", mainland},
		{"138-0000-0000", mainland},
		{"(138)0000.0000", mainland},
		{"+8613800000000", mainland},
		{mainland, mainland},
		{"+86 138 0000 0000", mainland},
		{"+86-138-0000-0000", mainland},
		{"+ 86 138 0000 0000", mainland},
		{"+861 3800000000", mainland},
		{"(+86)13800000000", mainland},
		{"(+86) 138.0000.0000", mainland},
		{"008613800000000", mainland},
		{"00 86 138 0000 0000", mainland},
		{"(00)86 138 0000 0000", mainland},
		{"  13800000000\r\n", mainland},
		{"+86\t13800000000", mainland},
		{"+86\u00a0138\u30000000\u20090000", mainland},
		{"+86\u2010138\u20110000\u22120000", mainland},
		{"１３８００００００００", mainland},
		{"＋８６　１３８００００００００", mainland},
		{"（＋８６）１３８－００００．００００", mainland},
		{"\u202d13800000000\u202c", mainland},
		{"\u2066+86 13800000000\u2069\u200b", mainland},
		{"\ufeff13800000000", mainland},
		// Eleven digits starting with 1 and no plus are a mainland number, whatever else they could be.
		{"12025550123", "+86 12025550123"},

		// Other countries: the plan decides where the country code ends.
		{"+12025550123", "+1 2025550123"},
		{"+1 (202) 555-0123", "+1 2025550123"},
		{"+12 025550123", "+1 2025550123"},
		{"+120 25550123", "+1 2025550123"},
		{"0012025550123", "+1 2025550123"},
		{"+79161234567", "+7 9161234567"},
		{"+442079460018", "+44 2079460018"},
		{"+61412345678", "+61 412345678"},
		{"+6591234567", "+65 91234567"},
		{"+819012345678", "+81 9012345678"},
		{"+201001234567", "+20 1001234567"},
		{"+390612345678", "+39 0612345678"},
		{"+39 06 1234 5678", "+39 0612345678"},
		{"+378 0549 882914", "+378 0549882914"},
		{"+229 01 95 12 34 56", "+229 0195123456"},
		{"+242 06 612 3456", "+242 066123456"},
		{"+85298765432", "+852 98765432"},
		{"+852 9876 5432", "+852 98765432"},
		{"+85 298765432", "+852 98765432"},
		{"+85366123456", "+853 66123456"},
		{"+886912345678", "+886 912345678"},
		{"+971501234567", "+971 501234567"},
		{"+38344123456", "+383 44123456"},
		{"+211912345678", "+211 912345678"},
		{"+2250712345678", "+225 0712345678"},
		{"+80012345678", "+800 12345678"},
		{"+881612345678", "+881 612345678"},
		{"+883510001234567", "+883 510001234567"},

		// The limits of the length.
		{"+2901234", "+290 1234"},
		{"+11234", "+1 1234"},
		{"+123456789012345", "+1 23456789012345"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			got, err := NormalizePhone(tt.in)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Regexp(t, serverPhone, got)
			again, err := NormalizePhone(got)
			require.NoError(t, err)
			assert.Equal(t, got, again)
		})
	}
}

func TestNormalizePhoneRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, rule string }{
		{"", ruleRequired},
		{" ", rulePhoneShape},
		{"-().", rulePhoneShape},
		{"+", rulePhoneShape},
		{"\u3000＋", rulePhoneShape},
		{"++8613800000000", rulePhoneShape},
		{"+86+13800000000", rulePhoneShape},
		{"86+13800000000", rulePhoneShape},
		{"13800000000+", rulePhoneShape},
		{"+86 1380000000O", rulePhoneShape},
		{"+86 undefined", rulePhoneShape},
		{"13800000000 ext. 1", rulePhoneShape},
		{"13800000000;ext=1", rulePhoneShape},
		{"tel:+8613800000000", rulePhoneShape},
		{"13800000000/13900000000", rulePhoneShape},
		{"13800000000,13900000000", rulePhoneShape},
		{"1380000000Ａ", rulePhoneShape},
		{"1380000000٣", rulePhoneShape},
		{"1380000000三", rulePhoneShape},
		{"📱13800000000", rulePhoneShape},
		{"1️⃣3800000000", rulePhoneShape},
		{"13800000000\x00", rulePhoneShape},
		{"1380000000\xff0", rulePhoneShape},
		{"a@example.com", rulePhoneShape},

		{"1380000000", rulePhoneMainland},
		{"138000000000", rulePhoneMainland},
		{"23800000000", rulePhoneMainland},
		{"03800000000", rulePhoneMainland},
		{"013800000000", rulePhoneMainland},
		{"8613800000000", rulePhoneNoPlus},
		{"86 13800000000", rulePhoneNoPlus},
		{"98765432", rulePhoneMainland},
		{"0", rulePhoneMainland},
		{"010 6552 9988", rulePhoneMainland},

		{"+86", rulePhone86},
		{"+86 ", rulePhone86},
		{"+86 1380000000", rulePhone86},
		{"+86 138000000000", rulePhone86},
		{"+86 23800000000", rulePhone86},
		{"+86 013800000000", rulePhone86},
		{"+86 +", rulePhoneShape},
		{"0086 1380000000", rulePhone86},
		{"+86 8613800000000", rulePhone86},

		{"00", rulePhoneCountry},
		{"+0", rulePhoneCountry},
		{"+013800000000", rulePhoneCountry},
		{"+008613800000000", rulePhoneCountry},
		{"00008613800000000", rulePhoneCountry},
		{"+2", rulePhoneCountry},
		{"+85", rulePhoneCountry},
		{"+21012345678", rulePhoneCountry},
		{"+99912345678", rulePhoneCountry},
		{"+38412345678", rulePhoneCountry},
		{"+85112345678", rulePhoneCountry},
		{"+28012345678", rulePhoneCountry},
		{"+83012345678", rulePhoneCountry},
		{"+89012345678", rulePhoneCountry},

		{"+1", rulePhoneLength},
		{"+1 123", rulePhoneLength},
		{"+290 123", rulePhoneLength},
		{"+1234567890123456", rulePhoneLength},
		{"+852 1234567890123", rulePhoneLength},
		{"+1" + strings.Repeat("0", 100000), rulePhoneLength},

		{"+44 (0)20 7946 0018", rulePhoneTrunk},
		{"+44 ( 0 ) 20 7946 0018", rulePhoneTrunk},
		{"+44（0）2079460018", rulePhoneTrunk},
		{"(0)13800000000", rulePhoneTrunk},
		{"+44 07911 123456", rulePhoneTrunk},
		{"0044 07911 123456", rulePhoneTrunk},
		{"+4407911123456", rulePhoneTrunk},
		{"＋４４　０７９１１１２３４５６", rulePhoneTrunk},
		{"+886 0912 345 678", rulePhoneTrunk},
		{"+81 090-1234-5678", rulePhoneTrunk},
		{"+82 010 1234 5678", rulePhoneTrunk},
		{"+49 0151 23456789", rulePhoneTrunk},
		{"+33 06 12 34 56 78", rulePhoneTrunk},
		{"+61 0412 345 678", rulePhoneTrunk},
		{"+91 098765 43210", rulePhoneTrunk},
		{"+60 012-345 6789", rulePhoneTrunk},
		{"+84 0912 345 678", rulePhoneTrunk},
		{"+36 06 20 123 4567", rulePhoneTrunk},
		{"+971 050 123 4567", rulePhoneTrunk},
		{"+39 (0)6 1234 5678", rulePhoneTrunk},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%.40q", tt.in), func(t *testing.T) {
			t.Parallel()
			got, err := NormalizePhone(tt.in)
			assert.Empty(t, got)
			requireRule(t, err, "phone_number", tt.rule)
		})
	}
}

// The plan of E.164 is prefix-free: whatever follows a code never changes where it ends, and every code is found whole.
func TestCountryCodes(t *testing.T) {
	t.Parallel()
	var codes []string
	for n := 1; n <= 999; n++ {
		if code := strconv.Itoa(n); countryCodeLen(code) == len(code) {
			codes = append(codes, code)
		}
	}
	byLength := map[int]int{}
	for _, code := range codes {
		byLength[len(code)]++
		for _, other := range codes {
			assert.False(t, code != other && strings.HasPrefix(other, code), "%s begins with %s", other, code)
		}
		for _, follows := range []string{"0", "9", "123456789"} {
			assert.Equal(t, len(code), countryCodeLen(code+follows), code)
		}
	}
	assert.Equal(t, map[int]int{1: 2, 2: 44, 3: 170}, byLength)
	for _, code := range []string{
		"20", "27", "30", "44", "49", "61", "65", "66", "81", "82", "84", "86", "91", "98", "211", "218", "220", "249", "258", "269",
		"290", "299", "350", "379", "380", "383", "389", "420", "423", "500", "509", "590", "599", "670", "679", "680", "692", "800",
		"808", "850", "852", "853", "855", "856", "870", "878", "880", "881", "882", "883", "886", "888", "960", "968", "970", "977",
		"979", "992", "998",
	} {
		assert.Contains(t, codes, code)
	}
	for _, code := range []string{
		"0", "2", "21", "28", "83", "85", "89", "99", "210", "214", "215", "217", "219", "259", "280", "289", "292", "296", "384", "388",
		"422", "424", "429", "671", "684", "693", "699", "801", "809", "830", "851", "854", "857", "871", "884", "885", "887", "889", "890",
		"969", "978", "990", "991", "997", "999",
	} {
		assert.NotContains(t, codes, code)
		assert.Zero(t, countryCodeLen(code), code)
	}
	assert.Zero(t, countryCodeLen(""))
}

// Every country code with a trunk zero is one of the plan, and stands in the list once; codes whose numbers begin with a zero do
// not.
func TestTrunkZero(t *testing.T) {
	t.Parallel()
	codes := strings.Fields(trunkZeroCodes)
	seen := map[string]bool{}
	for _, code := range codes {
		assert.Equal(t, len(code), countryCodeLen(code), code)
		assert.False(t, seen[code], code)
		seen[code] = true
		_, err := NormalizePhone("+" + code + "0123456789")
		require.Error(t, err, code)
	}
	for _, code := range []string{"39", "225", "226", "229", "241", "242", "378", "250", "800"} {
		assert.NotContains(t, codes, code)
	}
}

func BenchmarkNormalizePhone(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NormalizePhone("+86 138-0000-0000"); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzNormalizePhone(f *testing.F) {
	for _, seed := range []string{
		"", "+", "13800000000", "+8613800000000", "+86 138 0000 0000", "+86-138-0000-0000", "8613800000000", "008613800000000",
		"+12 025550123", "+85298765432", "+886912345678", "+79161234567", "+21012345678", "+99912345678", "+44 (0)20 7946 0018", "+44 07911 123456", "+390612345678",
		"＋８６　１３８００００００００", "（＋８６）１３８－００００．００００", "\u202d13800000000\u202c", "📱13800000000", "1380000000\xff0", "++86",
	} {
		f.Add(seed)
	}
	rules := []string{
		ruleRequired, rulePhoneShape, rulePhoneMainland, rulePhoneNoPlus, rulePhone86, rulePhoneCountry, rulePhoneLength, rulePhoneTrunk,
	}
	f.Fuzz(func(t *testing.T, phone string) {
		got, err := NormalizePhone(phone)
		if err != nil {
			var refusal *ValidationError
			require.ErrorAs(t, err, &refusal)
			assert.Equal(t, "phone_number", refusal.Field)
			assert.Contains(t, rules, refusal.Rule, "a rule from the list quotes nothing")
			assert.Empty(t, got)
			return
		}
		assert.Regexp(t, serverPhone, got)
		assert.LessOrEqual(t, len(got), len("+ ")+15)
		again, err := NormalizePhone(got)
		require.NoError(t, err)
		assert.Equal(t, got, again)

		digits := onlyDigits(phone)
		assert.Contains(t, []string{digits, "86" + digits, strings.TrimPrefix(digits, "00")}, onlyDigits(got))
	})
}

// onlyDigits returns the plain and full-width digits of s as plain ones.
func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if '０' <= r && r <= '９' {
			return r - '０' + '0'
		}
		if r <= unicode.MaxASCII && unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}
