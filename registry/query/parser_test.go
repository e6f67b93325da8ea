package query

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// parserClass is the exception of upstream's parser for a kind of error.
func parserClass(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return ""
	}
	switch e.Kind {
	case UnexpectedCharacter:
		return "ParserYaccError"
	case UnexpectedToken:
		return "ParseError"
	case UnexpectedEnd:
		return "ParserEOFError"
	case BadArgument:
		return "ValueError"
	case BadItem:
		return "TypeError"
	}
	return "?"
}

// sexpr is the form of the golden parse cases.
func sexpr(e Expr) string {
	form := func(head string, parts ...Expr) string {
		for _, p := range parts {
			head += " " + sexpr(p)
		}
		return "(" + head + ")"
	}
	quoted := func(s string) string {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.Encode(s)
		return strings.TrimSpace(b.String())
	}
	switch n := e.(type) {
	case nil:
		return "()"
	case *Identifier:
		return "(id " + n.Name + ")"
	case *BindName:
		return "(bind " + n.Name + ")"
	case *Number:
		return "(num " + n.Text + ")"
	case *Text:
		return "(str " + quoted(n.Value) + ")"
	case *TimeLiteral:
		return fmt.Sprintf("(time %d)", n.Value)
	case *RangeLiteral:
		stride := "none"
		if n.Stride != 0 {
			stride = strconv.FormatInt(n.Stride, 10)
		}
		return fmt.Sprintf("(range %d %d %s)", n.Start, n.Stop, stride)
	case *UUIDLiteral:
		return "(uuid " + n.Value.String() + ")"
	case *Unary:
		return form(n.Op, n.X)
	case *Binary:
		return form(n.Op, n.X, n.Y)
	case *Logical:
		s := sexpr(n.Operands[0])
		for _, x := range n.Operands[1:] {
			s = "(" + n.Op + " " + s + " " + sexpr(x) + ")"
		}
		return s
	case *Membership:
		head := "in"
		if n.Not {
			head = "not-in"
		}
		return form(head, append([]Expr{n.X}, n.Items...)...)
	case *Parens:
		return form("paren", n.X)
	case *Tuple:
		return form("tuple", n.Begin, n.End)
	case *Call:
		switch name := strings.ToLower(n.Name); name {
		case "point", "circle", "box", "polygon", "region", "glob":
			return form(name, n.Args...)
		}
		return form("call "+n.Name, n.Args...)
	}
	return fmt.Sprintf("?%T", e)
}

func TestParseGolden(t *testing.T) {
	ran := 0
	for _, c := range readGolden(t) {
		if c.Kind != "parse" {
			continue
		}
		ran++
		t.Run(c.ID, func(t *testing.T) {
			e, err := Parse(c.Args.Where)
			var want string
			json.Unmarshal(c.Result, &want)
			if strings.HasPrefix(want, "(time ") && err != nil && strings.Contains(err.Error(), "is not supported") {
				t.Skip(err)
			}
			if got := parserClass(err); got != c.errorClass() {
				t.Fatalf("Parse(%q) gives %v, want %s", c.Args.Where, err, c.Error)
			}
			if err != nil {
				return
			}
			if got := sexpr(e); got != want {
				t.Errorf("Parse(%q)\n got %s\nwant %s", c.Args.Where, got, want)
			}
			checkRoundTrip(t, e)
		})
	}
	if ran < 80 {
		t.Errorf("only %d golden parse cases were found", ran)
	}
}

// TestParseObserved holds what upstream's parser was seen to do where the golden cases say nothing.
func TestParseObserved(t *testing.T) {
	for _, c := range [][2]string{
		{"f(,1)", "(call f (num 1))"},
		{"f(,,1)", "ParseError"},
		{"(,1)", "ParseError"},
		{"f(1,)", "ParseError"},
		{"POINT(1)", "ValueError"},
		{"POINT(1) @", "ParserYaccError"},
		{"POINT(1) b", "ParseError"},
		{"POINT(1) AND", "ValueError"},
		{"T'x' @", "ParserYaccError"},
		{"a IN (POINT(1,2), b c", "ParseError"},
		{"a IN (POINT(1,2)) c", "ParseError"},
		{"a IN (f(1)", "ParserEOFError"},
		{"a NOT IN (b)", "(not-in (id a) (id b))"},
		{"a IN (-1, +2, - 3)", "(in (id a) (num -1) (num +2) (num -3))"},
		{"a IN (+1..2)", "ParseError"},
		{"a IN (- b)", "ParseError"},
		{"a IN (a.b)", "ParseError"},
		{"a IN (1) IN (2)", "ParseError"},
		{"a + 1 IN (2)", "(in (+ (id a) (num 1)) (num 2))"},
		{"a = NOT b", "ParseError"},
		{"(NOT a, b OR c)", "(tuple (NOT (id a)) (OR (id b) (id c)))"},
		{"a * (b, c)", "(* (id a) (tuple (id b) (id c)))"},
		{"+1..2", "(+ (range 1 2 none))"},
		{"- 1..2", "(- (range 1 2 none))"},
		{"-1..2", "(range -1 2 none)"},
		{"1 ..\n5", "(range 1 5 none)"},
		{"1..5:0", "ParserYaccError"},
		{"1...5", "ParserYaccError"},
		{"a.1", "ParseError"},
		{"a..b", "ParserYaccError"},
		{"x.y.z.w", "ParserYaccError"},
		{"IN.a", "(id IN.a)"},
		{":IN", "(bind IN)"},
		{":b.c", "ParserYaccError"},
		{"a.b(1)", "ParseError"},
		{"1e", "ParseError"},
		{"1.e5", "(num 1.e5)"},
		{"GLOB((a), (:b))", "(glob (id a) (bind b))"},
		{"GLOB(a, b)", "TypeError"},
		{"GLOB(a)", "ValueError"},
		{"UUID(:a)", "TypeError"},
		{"UUID()", "ValueError"},
		{"UUID('x')", "ValueError"},
		{"uuid(('{0198F3F21B1C7C3A9F1E0000000000AB}'))", "(uuid 0198f3f2-1b1c-7c3a-9f1e-0000000000ab)"},
		{"POINT(1, (2))", "(point (num 1) (paren (num 2)))"},
		{"CIRCLE(1, 2, NOT a)", "(circle (num 1) (num 2) (NOT (id a)))"},
		{"CIRCLE(1, 2, f(1))", "ValueError"},
		{"POLYGON(1,2,3,4,5,6,7)", "ValueError"},
		{"REGION((a))", "ValueError"},
		{"é", "ParserYaccError"},
		{"a NOT", "ParserEOFError"},
		{"()", "ParseError"},
	} {
		e, err := Parse(c[0])
		got := parserClass(err)
		if err == nil {
			got = sexpr(e)
			checkRoundTrip(t, e)
		}
		if got != c[1] {
			t.Errorf("Parse(%q) gives %s, want %s", c[0], got, c[1])
		}
	}
}

// TestParseRandom holds what upstream's parser made of random texts.
func TestParseRandom(t *testing.T) {
	f, err := os.Open("testdata/parsing.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var c [2]string
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		e, err := Parse(c[0])
		got := parserClass(err)
		if err == nil {
			got = sexpr(e)
			checkRoundTrip(t, e)
		}
		if got != c[1] {
			t.Errorf("Parse(%q) gives %s (%v), want %s", c[0], got, err, c[1])
		}
	}
}

// checkRoundTrip prints e and parses that; the trees must agree but for their places.
func checkRoundTrip(t *testing.T, e Expr) {
	t.Helper()
	if e == nil {
		return
	}
	text := e.String()
	again, err := Parse(text)
	if err != nil {
		t.Fatalf("parsing the print %q: %v", text, err)
	}
	if again.String() != text || sexpr(again) != sexpr(e) {
		t.Fatalf("the print %q parses to %s, not to %s", text, sexpr(again), sexpr(e))
	}
	if reflect.TypeOf(again) != reflect.TypeOf(e) {
		t.Fatalf("the print %q parses to a %T, not a %T", text, again, e)
	}
}

// TestParseTime compares with what upstream made of each text.
func TestParseTime(t *testing.T) {
	f, err := os.Open("testdata/times.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var c [2]string
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		v, err := ParseTime(c[0])
		got := strconv.FormatInt(int64(v), 10)
		if err != nil {
			got = "error"
		}
		if got != c[1] {
			t.Errorf("ParseTime(%q) gives %s (%v), want %s", c[0], got, err, c[1])
		}
	}
}

func TestDeepNesting(t *testing.T) {
	const n = 100000
	for _, text := range []string{
		strings.Repeat("(", n), strings.Repeat("NOT ", n) + "a", strings.Repeat("-", n) + "a", strings.Repeat("f(", n),
		strings.Repeat("a+", n) + "a", strings.Repeat("a=", n) + "a",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), "nested") {
			t.Errorf("Parse(%.10q...) gives %v", text, err)
		}
	}
	for _, text := range []string{strings.Repeat("a=1 OR ", n) + "a", strings.Repeat("(a) AND (a) AND ", n) + "a",
		"a IN (" + strings.Repeat("1,", n) + "2)"} {
		if _, err := Parse(text); err != nil {
			t.Errorf("Parse(%.10q...) gives %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range readGolden(f) {
		f.Add(c.Args.Where)
		f.Add(c.Args.QueryWhere)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			var x *Error
			if !errors.As(err, &x) || x.Reason == "" {
				t.Fatalf("Parse(%q) gives %#v", text, err)
			}
			x.Caret()
			return
		}
		checkRoundTrip(t, e)
	})
}
