package registrytest

import (
	"errors"
	"slices"
	"testing"

	"valet/registry"
	"valet/registry/dataset"
)

func testCollections(t *testing.T, f *fixture) {
	for _, step := range []struct {
		name string
		kind dataset.CollectionKind
		doc  string
	}{{"u/run", dataset.Run, ""}, {"u/tag", dataset.Tagged, "hand picked"}, {"u/chain", dataset.Chained, ""}, {"u/calib", dataset.Calibration, ""}} {
		for _, want := range []bool{true, false} {
			f.write(func(tx *registry.Tx) error {
				made, err := tx.RegisterCollection(step.name, step.kind, step.doc)
				if made != want {
					t.Errorf("register %s: made is %v, want %v", step.name, made, want)
				}
				return err
			})
		}
		c, err := f.Collection(f.ctx, step.name)
		if err != nil {
			t.Fatal(err)
		}
		if c.Name != step.name || c.Kind != step.kind || c.Doc != step.doc || c.Children != nil {
			t.Errorf("%+v, want %+v", c, step)
		}
	}
	all, err := f.Collections(f.ctx)
	if err != nil || len(all) != 4 {
		t.Fatal(all, err)
	}
}

func collectionNames(list []*dataset.Collection) []string {
	out := []string{}
	for _, c := range list {
		out = append(out, c.Name)
	}
	return out
}

func testChains(t *testing.T, f *fixture) {
	f.run("a", "b", "c")
	f.chain("inner", "c", "a")
	f.chain("outer", "b", "inner", "a", "b")
	f.chain("empty")
	c, err := f.Collection(f.ctx, "outer")
	if err != nil || !slices.Equal(c.Children, []string{"b", "inner", "a"}) {
		t.Errorf("%+v %v", c, err)
	}
	for _, test := range []struct{ in, want []string }{
		{[]string{"outer"}, []string{"b", "c", "a"}},
		{[]string{"a", "outer"}, []string{"a", "b", "c"}},
		{[]string{"empty"}, []string{}},
		{[]string{"empty", "b", "b"}, []string{"b"}},
		{nil, []string{}},
	} {
		got, err := f.Flatten(f.ctx, test.in...)
		if err != nil || !slices.Equal(collectionNames(got), test.want) {
			t.Errorf("flatten %v: %v %v, want %v", test.in, collectionNames(got), err, test.want)
		}
	}
	f.chain("outer", "a")
	if got, err := f.Flatten(f.ctx, "outer"); err != nil || !slices.Equal(collectionNames(got), []string{"a"}) {
		t.Errorf("after redefinition: %v %v", collectionNames(got), err)
	}
	all, err := f.Collections(f.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Name == "inner" && !slices.Equal(c.Children, []string{"c", "a"}) {
			t.Errorf("%+v", c)
		}
	}
}

func testCollectionErrors(t *testing.T, f *fixture) {
	f.run("u/run1")
	f.chain("x", "u/run1")
	f.chain("y", "x")
	var missing *registry.NotFoundError
	if _, err := f.Collection(f.ctx, "u/run2"); !errors.As(err, &missing) || missing.Near != "u/run1" {
		t.Errorf("unknown collection: %v", err)
	}
	if _, err := f.Flatten(f.ctx, "x", "zzzzzzzzzzz"); !errors.As(err, &missing) || missing.Near != "" {
		t.Errorf("unknown collection in flatten: %v", err)
	}
	for _, test := range []struct {
		name string
		do   func(tx *registry.Tx) error
		is   func(error) bool
	}{
		{"unknown child", func(tx *registry.Tx) error { return tx.SetChain("x", []string{"nope"}) }, is[*registry.NotFoundError]},
		{"unknown parent", func(tx *registry.Tx) error { return tx.SetChain("nope", nil) }, is[*registry.NotFoundError]},
		{"parent is no chain", func(tx *registry.Tx) error { return tx.SetChain("u/run1", nil) }, is[*registry.CollectionKindError]},
		{"chain in itself", func(tx *registry.Tx) error { return tx.SetChain("x", []string{"x"}) }, is[*registry.CycleError]},
		{"chain in its child", func(tx *registry.Tx) error { return tx.SetChain("x", []string{"u/run1", "y"}) }, is[*registry.CycleError]},
		{"other kind", func(tx *registry.Tx) error { _, err := tx.RegisterCollection("x", dataset.Run, ""); return err }, is[*registry.CollectionKindError]},
		{"bad name", func(tx *registry.Tx) error { _, err := tx.RegisterCollection("a//b", dataset.Run, ""); return err }, is[*dataset.CollectionNameError]},
	} {
		if err := f.Write(f.ctx, test.do); !test.is(err) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if c, err := f.Collection(f.ctx, "x"); err != nil || !slices.Equal(c.Children, []string{"u/run1"}) {
		t.Errorf("the chain changed: %+v %v", c, err)
	}
}

// is reports whether an error of type E is in err's tree.
func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}
