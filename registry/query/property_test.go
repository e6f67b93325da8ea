package query

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// expression draws the text of an expression: every construct of the grammar (queries.md 1.2), typed well or badly, with random case
// and blanks.
func expression(t *rapid.T, depth int) string {
	pick := func(label string, choices ...string) string { return rapid.SampledFrom(choices).Draw(t, label) }
	x := rapid.IntRange(0, 9).Draw(t, "kind")
	if depth <= 0 {
		x %= 5
	}
	switch x {
	case 0, 1:
		return pick("atom", "visit", "visit.exposure_time", "visit.timespan.begin", ":bind", "NULL", "3", "007", "2.5", ".5", "1e3", "'r'", "''", "T'2026-08-02'", "T'mjd/61254.0/tai'",
			"visit.region", "detector", "day_obs", "-4", "+2")
	case 2:
		return pick("call", "POINT(1.0, -2.0)", "CIRCLE(1, 2, 3)", "BOX(1, 2, 3, 4)", "POLYGON(0, 0, 1, 0, 0, 1)", "REGION('CIRCLE 1 2 3')", "GLOB(band, 'r*')", "glob(run, :p)",
			"UUID('37d04b66-b9b8-5289-a24b-4c12fb794c5a')", "f()", "f(visit, 3)")
	case 3:
		items := rapid.SliceOfN(rapid.SampledFrom([]string{"1", "-2", "2.5", "'a'", "1..5", "-3 .. 10:2", ":list", "name", "T'2026-08-02'", "NULL"}), 1, 4).Draw(t, "items")
		return pick("left", "visit", "seq_num + 1", "(visit)") + pick("in", " IN ", " not in ", " NOT IN ") + "(" + strings.Join(items, ", ") + ")"
	case 4:
		return "visit " + pick("compare", "=", "!=", "<", "<=", ">", ">=", "OVERLAPS", "overlaps") + " " + pick("right", "3", "'r'", ":x", "(T'2026-08-02', NULL)")
	case 5:
		return "(" + expression(t, depth-1) + ")"
	case 6:
		return expression(t, depth-1) + pick("arithmetic", " + ", "-", "*", " / ", " % ") + expression(t, depth-1)
	case 7:
		return pick("not", "NOT ", "not ", "-", "+ ") + expression(t, depth-1)
	}
	return expression(t, depth-1) + pick("logic", " AND ", " or ", " OR ", "\nAND\t", " = ", " < ", " overlaps ") + expression(t, depth-1)
}

// TestPrintAndParse: what an expression prints as parses to the same tree, whatever is in it.
func TestPrintAndParse(t *testing.T) {
	parsed := 0
	rapid.Check(t, func(r *rapid.T) {
		text := expression(r, 4)
		e, err := Parse(text)
		if err != nil || e == nil {
			return // such as 1 IN (2) IN (3)
		}
		parsed++
		printed := e.String()
		again, err := Parse(printed)
		if err != nil {
			r.Fatalf("%q prints as %q, which fails: %v", text, printed, err)
		}
		if again.String() != printed || sexpr(again) != sexpr(e) {
			r.Fatalf("%q prints as %q, which is %s and not %s", text, printed, sexpr(again), sexpr(e))
		}
	})
	if parsed == 0 {
		t.Error("nothing was parsed")
	}
}

func FuzzBindOrder(f *testing.F) {
	u := readUniverse(f)
	for _, c := range readGolden(f) {
		for _, term := range c.Args.OrderBy {
			f.Add(term)
		}
	}
	c := Context{Universe: u, Dimensions: u.MustGroup("visit", "detector"), Datasets: []string{"catalog"}}
	f.Fuzz(func(t *testing.T, text string) {
		term, err := BindOrder(text, c)
		if err != nil {
			class(err)
			if !strings.Contains(text, "%!") { // which a message that was formatted wrongly has
				checkMessage(t, err)
			}
			return
		}
		if term.By == nil || term.Descending != strings.HasPrefix(text, "-") {
			t.Errorf("%q: %+v", text, term)
		}
	})
}

// FuzzParseTime: a time is refused or lies within what can be stored.
func FuzzParseTime(f *testing.F) {
	for _, c := range readGolden(f) {
		for rest := c.Args.Where; ; {
			_, after, ok := strings.Cut(rest, "T'")
			if !ok {
				break
			}
			text, next, _ := strings.Cut(after, "'")
			f.Add(text)
			rest = next
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := ParseTime(text)
		if err == nil && (at < 0 || int64(at) > 4102444800000000000) {
			t.Errorf("%q is %d", text, at)
		}
	})
}
