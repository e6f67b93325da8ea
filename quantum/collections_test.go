package quantum

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"valet/registry/dataset"
)

var newRun = time.Date(2026, 11, 23, 19, 50, 34, 999, time.FixedZone("CET", 3600))

const stamp = "20261123T185034Z"

func collectionsSource() *fakeSource {
	return newSource(nil,
		run("r1"), run("r2"), run("r3"), run("u/x/1"), run("u/x/2"), run("u/xy/1"),
		&dataset.Collection{Name: "tag", Kind: dataset.Tagged}, &dataset.Collection{Name: "calib", Kind: dataset.Calibration},
		chain("pair", "r1", "r2"), chain("nest", "pair", "r3", "r1"), chain("empty"),
		chain("u/x", "u/x/2", "u/x/1", "r1", "r2"), chain("u/mix", "r1", "u/mix/none", "u/x/1"),
		chain("u/nest", "u/x/1", "pair"), chain("u/tagged", "tag", "r1"), chain("u/inverse", "r1", "u/xy/1", "u/x/1"),
		chain("u/", "r1", "u/xy/1", "r2", "u/x/1"), run("u/mix/none"),
		chain("u/one", "u/x/1", "r1"), chain("u/twice", "r1", "pair"))
}

func TestResolveCollections(t *testing.T) {
	list := func(names ...string) []string { return names }
	for _, c := range []struct {
		name string
		opts CollectionOptions
		want Collections
	}{
		{"new chain", CollectionOptions{Inputs: list("nest", "r2"), Output: "u/new"},
			Collections{Inputs: list("r1", "r2", "r3"), Run: "u/new/" + stamp, Output: "u/new", Chain: list("u/new/"+stamp, "r1", "r2", "r3"), ChainChanges: true}},
		{"rebase of a new chain", CollectionOptions{Inputs: list("r2"), Output: "u/new", Rebase: true},
			Collections{Inputs: list("r2"), Run: "u/new/" + stamp, Output: "u/new", Chain: list("u/new/"+stamp, "r2"), ChainChanges: true}},
		{"chain again", CollectionOptions{Output: "u/x"},
			Collections{Inputs: list("u/x/2", "u/x/1", "r1", "r2"), Run: "u/x/" + stamp, Output: "u/x", Chain: list("u/x/"+stamp, "u/x/2", "u/x/1", "r1", "r2"), ChainChanges: true}},
		{"chain again with its inputs as a chain", CollectionOptions{Inputs: list("pair"), Output: "u/x"},
			Collections{Inputs: list("u/x/2", "u/x/1", "r1", "r2"), Run: "u/x/" + stamp, Output: "u/x", Chain: list("u/x/"+stamp, "u/x/2", "u/x/1", "r1", "r2"), ChainChanges: true}},
		{"chain again with one of its inputs", CollectionOptions{Inputs: list("r2"), Output: "u/x"},
			Collections{Inputs: list("u/x/2", "u/x/1", "r1", "r2"), Run: "u/x/" + stamp, Output: "u/x", Chain: list("u/x/"+stamp, "u/x/2", "u/x/1", "r1", "r2"), ChainChanges: true}},
		{"nested chain is flattened", CollectionOptions{Output: "u/nest"},
			Collections{Inputs: list("u/x/1", "r1", "r2"), Run: "u/nest/" + stamp, Output: "u/nest", Chain: list("u/nest/"+stamp, "u/x/1", "r1", "r2"), ChainChanges: true}},
		{"empty chain", CollectionOptions{Output: "empty"},
			Collections{Run: "empty/" + stamp, Output: "empty", Chain: list("empty/" + stamp), ChainChanges: true}},
		{"rebase orders own, new, rest", CollectionOptions{Inputs: list("r3", "r2"), Output: "u/", OutputRun: "u/z", Rebase: true},
			Collections{Inputs: list("r1", "u/xy/1", "r2", "u/x/1"), Run: "u/z", Output: "u/", Chain: list("u/z", "u/xy/1", "u/x/1", "r3", "r1", "r2"), ChainChanges: true}},
		{"rebase takes the name as text, not as path", CollectionOptions{Inputs: list("r3"), Output: "u/x", Rebase: true},
			Collections{Inputs: list("u/x/2", "u/x/1", "r1", "r2"), Run: "u/x/" + stamp, Output: "u/x", Chain: list("u/x/"+stamp, "u/x/2", "u/x/1", "r3", "r1", "r2"), ChainChanges: true}},
		{"replace-run", CollectionOptions{Output: "u/x", ReplaceRun: true},
			Collections{Inputs: list("u/x/1", "r1", "r2"), Run: "u/x/" + stamp, Output: "u/x", Chain: list("u/x/"+stamp, "u/x/1", "r1", "r2"), ChainChanges: true, Replaced: "u/x/2"}},
		{"replace-run with prune and inputs", CollectionOptions{Inputs: list("r1"), Output: "u/x", ReplaceRun: true, PruneMode: Purge},
			Collections{Inputs: list("u/x/1", "r1", "r2"), Run: "u/x/" + stamp, Output: "u/x", Chain: list("u/x/"+stamp, "u/x/1", "r1", "r2"), ChainChanges: true, Replaced: "u/x/2", Prune: Purge}},
		{"replace-run with unstore of a run that another chain holds", CollectionOptions{Output: "u/one", ReplaceRun: true, PruneMode: Unstore},
			Collections{Inputs: list("r1"), Run: "u/one/" + stamp, Output: "u/one", Chain: list("u/one/"+stamp, "r1"), ChainChanges: true, Replaced: "u/x/1", Prune: Unstore}},
		{"extend-run", CollectionOptions{Output: "u/x", ExtendRun: true},
			Collections{Inputs: list("u/x/2", "u/x/1", "r1", "r2"), Run: "u/x/2", RunExists: true, Output: "u/x", Chain: list("u/x/2", "u/x/1", "r1", "r2"), SkipIn: list("u/x/2")}},
		{"extend-run leaves a nested chain alone", CollectionOptions{Output: "u/nest", ExtendRun: true},
			Collections{Inputs: list("u/x/1", "r1", "r2"), Run: "u/x/1", RunExists: true, Output: "u/nest", Chain: list("u/x/1", "pair"), SkipIn: list("u/x/1")}},
		{"extend-run of a named run inside the chain searches it first", CollectionOptions{Output: "u/x", OutputRun: "u/x/1", ExtendRun: true},
			Collections{Inputs: list("u/x/1", "u/x/2", "r1", "r2"), Run: "u/x/1", RunExists: true, Output: "u/x", Chain: list("u/x/2", "u/x/1", "r1", "r2"), SkipIn: list("u/x/1")}},
		{"output-run below a chain", CollectionOptions{Output: "u/x", OutputRun: "mine"},
			Collections{Inputs: list("u/x/2", "u/x/1", "r1", "r2"), Run: "mine", Output: "u/x", Chain: list("mine", "u/x/2", "u/x/1", "r1", "r2"), ChainChanges: true}},
		{"output-run below a new chain", CollectionOptions{Inputs: list("r1"), Output: "u/new", OutputRun: "mine"},
			Collections{Inputs: list("r1"), Run: "mine", Output: "u/new", Chain: list("mine", "r1"), ChainChanges: true}},
		{"output-run alone", CollectionOptions{Inputs: list("pair", "r3"), OutputRun: "mine"},
			Collections{Inputs: list("r1", "r2", "r3"), Run: "mine"}},
		{"rebase without chain changes nothing", CollectionOptions{Inputs: list("r1"), OutputRun: "mine", Rebase: true},
			Collections{Inputs: list("r1"), Run: "mine"}},
		{"output-run alone, extended", CollectionOptions{Inputs: list("r1"), OutputRun: "r3", ExtendRun: true},
			Collections{Inputs: list("r3", "r1"), Run: "r3", RunExists: true, SkipIn: list("r3")}},
		{"output-run alone, extended, reads itself", CollectionOptions{OutputRun: "r3", ExtendRun: true},
			Collections{Inputs: list("r3"), Run: "r3", RunExists: true, SkipIn: list("r3")}},
		{"skip-existing alone has no run to skip in", CollectionOptions{Output: "u/x", SkipInRun: true},
			Collections{Inputs: list("u/x/2", "u/x/1", "r1", "r2"), Run: "u/x/" + stamp, Output: "u/x", Chain: list("u/x/"+stamp, "u/x/2", "u/x/1", "r1", "r2"), ChainChanges: true}},
		{"skip-existing-in is flattened", CollectionOptions{Inputs: list("r1"), OutputRun: "r2", ExtendRun: true, SkipIn: list("nest")},
			Collections{Inputs: list("r2", "r1"), Run: "r2", RunExists: true, SkipIn: list("r1", "r2", "r3")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.opts.RunTimeName = newRun
			src := collectionsSource()
			got, err := ResolveCollections(t.Context(), src, c.opts)
			if err != nil {
				t.Fatal(err)
			}
			same := slices.Equal(got.Inputs, c.want.Inputs) && slices.Equal(got.Chain, c.want.Chain) && slices.Equal(got.SkipIn, c.want.SkipIn)
			g := *got
			for _, x := range []*Collections{&g, &c.want} {
				x.Inputs, x.Chain, x.SkipIn = nil, nil, nil
			}
			if !same || g.Run != c.want.Run || g.RunExists != c.want.RunExists || g.Output != c.want.Output || g.ChainChanges != c.want.ChainChanges || g.Replaced != c.want.Replaced || g.Prune != c.want.Prune {
				t.Errorf("got %+v", *got)
			}
			for name, before := range collectionsSource().collections {
				if !slices.Equal(before.Children, src.collections[name].Children) {
					t.Errorf("chain %s was changed in place", name)
				}
			}
		})
	}
}

func TestResolveCollectionsRefuses(t *testing.T) {
	list := func(names ...string) []string { return names }
	long := strings.Repeat("x", 65)
	const value, kind, name, missing = "ValueError", "TypeError", "name", "missing"
	for _, c := range []struct {
		name, class, text string
		opts              CollectionOptions
	}{
		{"no output", value, "no output RUN", CollectionOptions{Inputs: list("r1")}},
		{"nothing at all", value, "no output RUN", CollectionOptions{}},
		{"new chain without inputs", value, "no input collections", CollectionOptions{Output: "u/new"}},
		{"missing input", missing, "nowhere", CollectionOptions{Inputs: list("nowhere"), Output: "u/new"}},
		{"missing input of an old chain", missing, "nowhere", CollectionOptions{Inputs: list("nowhere"), Output: "u/x"}},
		{"missing input without chain", missing, "nowhere", CollectionOptions{Inputs: list("nowhere"), OutputRun: "mine"}},
		{"inputs with a gap", value, "contiguous", CollectionOptions{Inputs: list("u/x/1", "r2"), Output: "u/x"}},
		{"inputs in another order", value, "contiguous", CollectionOptions{Inputs: list("r2", "r1"), Output: "u/x"}},
		{"inputs not there", value, "contiguous", CollectionOptions{Inputs: list("r3"), Output: "u/x"}},
		{"inputs of a nested chain are compared flattened", value, "contiguous", CollectionOptions{Inputs: list("pair"), Output: "u/nest"}},
		{"inputs not there, extended", value, "contiguous", CollectionOptions{Inputs: list("r3"), Output: "u/x", ExtendRun: true}},
		{"inputs not there, replaced", value, "contiguous", CollectionOptions{Inputs: list("r3"), Output: "u/x", ReplaceRun: true}},
		{"extend and replace", "AssertionError", "exclude", CollectionOptions{Output: "u/x", ExtendRun: true, ReplaceRun: true}},
		{"prune without replace", value, "--replace-run", CollectionOptions{Output: "u/x", PruneMode: "unstore"}},
		{"replace-run of a new chain", value, "no run to replace", CollectionOptions{Inputs: list("r1"), Output: "u/new", ReplaceRun: true}},
		{"replace-run of an empty chain", value, "no run to replace", CollectionOptions{Output: "empty", ReplaceRun: true}},
		{"replace-run without chain", value, "--replace-run needs", CollectionOptions{Inputs: list("r1"), OutputRun: "mine", ReplaceRun: true}},
		{"extend-run of a new chain", value, "no run to extend", CollectionOptions{Inputs: list("r1"), Output: "u/new", ExtendRun: true}},
		{"extend-run of an empty chain", value, "no run to extend", CollectionOptions{Output: "empty", ExtendRun: true}},
		{"extend-run of a named run that is not there", value, "no run to extend", CollectionOptions{Output: "u/x", OutputRun: "mine", ExtendRun: true}},
		{"extend-run without chain of a run that is not there", value, "no run to extend", CollectionOptions{Inputs: list("r1"), OutputRun: "mine", ExtendRun: true}},
		{"extend-run of a TAGGED first child", kind, "TAGGED", CollectionOptions{Output: "u/tagged", ExtendRun: true}},
		{"extend-run of a CHAINED first child", kind, "CHAINED", CollectionOptions{Output: "nest", ExtendRun: true}},
		{"output-run is a chain", kind, "CHAINED", CollectionOptions{Inputs: list("r1"), OutputRun: "pair"}},
		{"output-run is CALIBRATION, extended", kind, "CALIBRATION", CollectionOptions{Inputs: list("r1"), OutputRun: "calib", ExtendRun: true}},
		{"output-run exists", value, "--extend-run", CollectionOptions{Output: "u/x", OutputRun: "r3"}},
		{"output-run exists, skip-existing", value, "exists", CollectionOptions{Output: "u/x", OutputRun: "r3", SkipInRun: true}},
		{"output-run exists, no chain", value, "exists", CollectionOptions{Inputs: list("r1"), OutputRun: "r3"}},
		{"chain is a run", "lsst.daf.butler._exceptions.CollectionTypeError", "RUN", CollectionOptions{Inputs: list("r1"), Output: "r2"}},
		{"chain is TAGGED", "lsst.daf.butler._exceptions.CollectionTypeError", "TAGGED", CollectionOptions{Output: "tag"}},
		{"rebase with a run of another name", value, "starts with", CollectionOptions{Inputs: list("r3"), Output: "u/x", OutputRun: "mine", Rebase: true}},
		{"rebase of a new chain with a run of another name", value, "starts with", CollectionOptions{Inputs: list("r3"), Output: "u/new", OutputRun: "mine", Rebase: true}},
		{"output-run alone without inputs", value, "no input collections", CollectionOptions{OutputRun: "mine"}},
		{"long name", name, "64", CollectionOptions{Inputs: list("r1"), OutputRun: long}},
		{"chain's name too long with the time", name, "64", CollectionOptions{Inputs: list("r1"), Output: long[:48]}},
		{"odd name", name, "file paths", CollectionOptions{Inputs: list("r1"), Output: "a b"}},
		{"name that leaves the root", name, "'..'", CollectionOptions{Inputs: list("r1"), OutputRun: "../x"}},
		{"empty part", name, "empty", CollectionOptions{Inputs: list("r1"), Output: "a/"}},
		{"odd name of the chain", name, "file paths", CollectionOptions{Inputs: list("r1"), Output: "a b", OutputRun: "mine"}},
		{"missing skip-existing-in", missing, "nowhere", CollectionOptions{Output: "u/x", SkipIn: list("nowhere")}},
		{"prune of a chain", kind, "CHAINED", CollectionOptions{Output: "nest", ReplaceRun: true, PruneMode: Unstore}},
		{"prune of a TAGGED collection", kind, "TAGGED", CollectionOptions{Output: "u/tagged", ReplaceRun: true, PruneMode: Purge}},
		{"purge of a run in another chain", "sqlalchemy.exc.IntegrityError", "u/nest", CollectionOptions{Output: "u/one", ReplaceRun: true, PruneMode: Purge}},
		{"prune of an input", value, "to be read", CollectionOptions{Inputs: list("r1"), Output: "u/mix", ReplaceRun: true, PruneMode: Unstore}},
		{"prune of a run that is reached twice", value, "to be read", CollectionOptions{Output: "u/twice", ReplaceRun: true, PruneMode: Unstore}},
		{"prune of what lets quanta be skipped", value, "to be read", CollectionOptions{Output: "u/x", SkipIn: list("u/x"), ReplaceRun: true, PruneMode: Unstore}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.opts.RunTimeName = newRun
			got, err := ResolveCollections(t.Context(), collectionsSource(), c.opts)
			if err == nil {
				t.Fatalf("got %+v", *got)
			}
			if got != nil {
				t.Error("collections and an error")
			}
			var refused *CollectionError
			var badName *dataset.CollectionNameError
			var absent missingCollection
			switch {
			case errors.As(err, &refused):
				if refused.ClassName() != c.class || refused.Hint() == "" {
					t.Errorf("class %s, hint %q", refused.ClassName(), refused.Hint())
				}
				if !strings.Contains(err.Error()+" "+refused.Hint(), c.text) {
					t.Errorf("%q, hint %q", err, refused.Hint())
				}
			case errors.As(err, &badName) && c.class == name, errors.As(err, &absent) && c.class == missing:
				if !strings.Contains(err.Error(), c.text) {
					t.Errorf("%q", err)
				}
			default:
				t.Errorf("%T %v", err, err)
			}
		})
	}
}
