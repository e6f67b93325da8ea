package registry_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGoldenQueries(t *testing.T) {
	r := openQueries(t)
	kinds := []string{"data_ids", "datasets", "dimension_records", "general"}
	for _, c := range append(goldenCases(t, kinds...), casesOf(t, "testdata/differences.jsonl", kinds...)...) {
		t.Run(c.ID, func(t *testing.T) {
			q, err := c.query(t, r)
			var rows []any
			if err == nil {
				rows, err = c.answer(r, q)
			}
			if c.Error != "" {
				checkClass(t, err, c.Error)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			c.compare(t, rows)
		})
	}
}

// compare compares rows as the case says.
func (c *goldenCase) compare(t *testing.T, rows []any) {
	t.Helper()
	got, want := []string{}, []string{}
	for _, row := range rows {
		got = append(got, text(t, row))
	}
	var expected []any
	d := json.NewDecoder(strings.NewReader(string(c.Result)))
	d.UseNumber()
	if err := d.Decode(&expected); err != nil {
		t.Fatal(err)
	}
	for _, row := range expected {
		want = append(want, text(t, numbers(row)))
	}
	switch c.Compare {
	case "subset":
		for _, g := range got {
			if !slices.Contains(want, g) {
				t.Errorf("%s is not among the rows", g)
			}
		}
		if len(got) != c.Count {
			t.Errorf("%d rows, want %d", len(got), c.Count)
		}
		return
	case "list":
	default:
		sort.Strings(got)
		sort.Strings(want)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s\n%s", fmt.Sprintf("%+v", c.Args), diff)
	}
}

// numbers writes floats as Go does.
func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if f, err := v.Float64(); err == nil && strings.ContainsAny(v.String(), ".e") {
			return f
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}

func TestGoldenCounts(t *testing.T) {
	r := openQueries(t)
	ctx := context.Background()
	kinds := []string{"count", "any", "explain"}
	for _, c := range append(goldenCases(t, kinds...), casesOf(t, "testdata/differences.jsonl", kinds...)...) {
		t.Run(c.ID, func(t *testing.T) {
			q, err := c.query(t, r)
			exact := c.Args.Exact == nil || *c.Args.Exact
			execute := c.Args.Execute == nil || *c.Args.Execute
			var got any
			switch {
			case err != nil:
			case c.Kind == "count":
				got, err = r.Count(ctx, q, exact, c.Args.Discard == nil || *c.Args.Discard)
			case c.Kind == "any":
				got, err = r.Any(ctx, q, execute, exact)
			default:
				var messages []string
				if messages, err = r.ExplainNoResults(ctx, q, execute); messages == nil {
					messages = []string{}
				}
				got = messages
			}
			if c.Error != "" {
				checkClass(t, err, c.Error)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := string(c.Result); text(t, got) != compact(t, want) {
				t.Errorf("%s, want %s", text(t, got), want)
			}
		})
	}
}

func compact(t *testing.T, in string) string {
	var v any
	if err := json.Unmarshal([]byte(in), &v); err != nil {
		t.Fatal(err)
	}
	return text(t, v)
}

// checkClass compares an error with upstream's "Class: message".
func checkClass(t *testing.T, err error, want string) {
	t.Helper()
	class, _, _ := strings.Cut(want, ":")
	if err == nil {
		t.Fatalf("no error, want %s", want)
	}
	var classed interface{ ClassName() string }
	if !errors.As(err, &classed) {
		t.Errorf("%T %v has no class, want %s", err, err, want)
		return
	}
	got := classed.ClassName()
	got = got[strings.LastIndexByte(got, '.')+1:]
	if got != class && !(class == "AssertionError" && got == "InvalidQueryError") {
		t.Errorf("%s: %v, want %s", got, err, want)
	}
}
