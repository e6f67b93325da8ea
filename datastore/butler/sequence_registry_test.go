package butler_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mattn/go-sqlite3"
	"pgregory.net/rapid"

	"valet/datastore/butler"
	"valet/datastore/vfs"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/registrytest"
)

// collections is the model of a repository with flats of a few detectors.
type collections struct {
	// runs hold detectors; tags tell the run of the flat that each detector has in the TAGGED collection.
	runs map[string]map[int]bool
	tags map[int]string
	// calibs are validity ranges in the CALIBRATION collection.
	calibs []validity
	// chains have their children in order; names are the full names of detectors.
	chains map[string][]string
	names  map[int]string
}

type validity struct {
	run        string
	detector   int
	begin, end int64
}

func (m *collections) clone() *collections {
	out := &collections{map[string]map[int]bool{}, maps.Clone(m.tags), slices.Clone(m.calibs), map[string][]string{}, maps.Clone(m.names)}
	for run, of := range m.runs {
		out.runs[run] = maps.Clone(of)
	}
	for name, children := range m.chains {
		out.chains[name] = slices.Clone(children)
	}
	return out
}

// reaches reports whether a collection is another one or has it among its children, or theirs.
func (m *collections) reaches(from, to string) bool {
	return from == to || slices.ContainsFunc(m.chains[from], func(c string) bool { return m.reaches(c, to) })
}

// lines are the model as text, in the form of linesOf.
func (m *collections) lines() (out []string) {
	for run, of := range m.runs {
		for d := range of {
			out = append(out, fmt.Sprintf("%s has %d", run, d))
		}
	}
	for d, run := range m.tags {
		out = append(out, fmt.Sprintf("tagged has %d of %s", d, run))
	}
	for _, v := range m.calibs {
		out = append(out, fmt.Sprintf("calib has %d of %s in %d-%d", v.detector, v.run, v.begin, v.end))
	}
	for name, children := range m.chains {
		out = append(out, fmt.Sprintf("%s is %q", name, children))
	}
	for d, name := range m.names {
		out = append(out, fmt.Sprintf("detector %d is %s", d, name))
	}
	slices.Sort(out)
	return out
}

// linesOf are what a repository says of itself when it is asked.
func linesOf(t *rapid.T, b *butler.Butler) (out []string) {
	ctx := context.Background()
	all, err := b.Registry.QueryCollections(ctx, registry.CollectionQuery{Expression: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Kind == dataset.Chained {
			out = append(out, fmt.Sprintf("%s is %q", c.Name, append([]string{}, c.Children...)))
			continue
		}
		for a, err := range b.Registry.Associations(ctx, "flat", []string{c.Name}) {
			if err != nil {
				t.Fatal(err)
			}
			d := a.Ref.DataID.RequiredValues()[1].Any()
			switch {
			case a.Timespan != nil:
				out = append(out, fmt.Sprintf("%s has %d of %s in %d-%d", c.Name, d, a.Ref.Run, a.Timespan.Begin, a.Timespan.End))
			case c.Kind == dataset.Tagged:
				out = append(out, fmt.Sprintf("%s has %d of %s", c.Name, d, a.Ref.Run))
			default:
				out = append(out, fmt.Sprintf("%s has %d", c.Name, d))
			}
		}
		if c.Kind == dataset.Calibration {
			continue
		}
		// The other way to ask finds as many.
		found := 0
		for _, err := range b.Registry.AllDatasets(ctx, registry.AllDatasetsQuery{Types: []string{"flat"}, Collections: []string{c.Name}, Bounds: registry.Bounds{AllRows: true}}) {
			if err != nil {
				t.Fatal(err)
			}
			found++
		}
		if said := count(out, c.Name+" has "); found != said {
			t.Fatalf("%s: %d datasets are found, %d are associated", c.Name, found, said)
		}
	}
	err = b.Registry.Rows(ctx, "SELECT id, full_name FROM detector", nil, func(row []driver.Value) error {
		out = append(out, fmt.Sprintf("detector %d is %s", row[0], row[1]))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func count(lines []string, prefix string) (n int) {
	for _, l := range lines {
		if strings.HasPrefix(l, prefix) {
			n++
		}
	}
	return n
}

// change is one operation: do changes a repository, model the model, which is nil if the operation is to be refused. files says that it has
// steps outside of its transaction, so that a fault may leave it half ended.
type change struct {
	name  string
	do    func(b *butler.Butler) error
	model *collections
	files bool
}

// Random sequences of changes of collections, records and datasets, with a fault at a random statement or file step of some: a change that fails
// changes nothing, one that is repeated does what the model says, and the repository is whole after each.
func TestAnySequenceOfCollectionsWithFaults(t *testing.T) {
	template := camera(t, t.TempDir(), 3)
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "valet-sequence")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		repo := filepath.Join(dir, "repo")
		if err := os.CopyFS(repo, os.DirFS(template)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte("a: 1\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		m := &collections{map[string]map[int]bool{"r/0": {}, "r/1": {}}, map[int]string{}, nil, map[string][]string{"c/0": {}, "c/1": {}, "c/2": {}}, map[int]string{0: "d0", 1: "d1", 2: "d2"}}
		ctx := context.Background()
		b := opened(t, repo, butler.Options{})
		err = b.Registry.Write(ctx, func(tx *registry.Tx) error {
			for name, kind := range map[string]dataset.CollectionKind{"r/0": dataset.Run, "r/1": dataset.Run, "c/0": dataset.Chained, "c/1": dataset.Chained, "c/2": dataset.Chained, "tagged": dataset.Tagged, "calib": dataset.Calibration} {
				if _, err := tx.RegisterCollection(name, kind, ""); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for run := range m.runs {
			m.apply(t, b, m.ingest(dir, run, []int{0, 1}))
		}
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			c := m.draw(t, b, dir)
			before := m.lines()
			if at := rapid.IntRange(0, 30).Draw(t, "step"); at > 0 {
				if err := b.Close(); err != nil {
					t.Fatal(err)
				}
				failed := withFault(repo, at, c)
				b = opened(t, repo, butler.Options{})
				for _, f := range faultsOf(t, b) {
					if !c.files || !strings.HasPrefix(f, "file-without-row") && !strings.HasPrefix(f, butler.UnfinishedRemoval) {
						t.Fatalf("%s: after a fault at step %d: %s", c.name, at, f)
					}
				}
				got := linesOf(t, b)
				done := c.model != nil && slices.Equal(got, c.model.lines())
				if failed == nil && !done || failed != nil && !slices.Equal(got, before) && !(c.files && done) {
					t.Fatalf("%s: after a fault at step %d (%v):\n%q\nbefore\n%q", c.name, at, failed, got, before)
				}
				if done {
					m = c.model
					if err := b.EmptyTrash(ctx); err != nil {
						t.Fatal(err)
					}
					if failed == nil || c.files {
						continue
					}
				}
			}
			m = m.apply(t, b, c)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func opened(t *rapid.T, repo string, o butler.Options) *butler.Butler {
	b, err := butler.Open(context.Background(), repo, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// withFault does a change of which one step fails.
func withFault(repo string, at int, c change) (err error) {
	step := 0
	next := func(err error) error {
		if step++; step == at {
			return err
		}
		return nil
	}
	sql := registrytest.NewFault(func(s registrytest.Statement) error {
		if s.After {
			return nil
		}
		return next(sqlite3.Error{Code: sqlite3.ErrFull})
	})
	disk := vfs.NewFault(vfs.Real{}, func(vfs.Op) error { return next(vfs.Errnos()[at%len(vfs.Errnos())]) })
	b, err := butler.Open(context.Background(), repo, butler.Options{Layer: sql.Layer, FS: disk})
	if err != nil {
		return err
	}
	err = c.do(b)
	_ = b.Close()
	return err
}

// apply does a change undisturbed, and checks what comes of it.
func (m *collections) apply(t *rapid.T, b *butler.Butler, c change) *collections {
	err := c.do(b)
	if (err != nil) != (c.model == nil) {
		t.Fatalf("%s: %v\n%q", c.name, err, m.lines())
	}
	if c.model != nil {
		*m = *c.model
	}
	if got, want := linesOf(t, b), m.lines(); !slices.Equal(got, want) {
		t.Fatalf("%s:\n%q\nwant\n%q", c.name, got, want)
	}
	if err := b.EmptyTrash(context.Background()); err != nil {
		t.Fatal(err)
	}
	if faults := faultsOf(t, b); len(faults) > 0 {
		t.Fatalf("%s: %q", c.name, faults)
	}
	return m
}

// ingest is the change that brings flats into a run.
func (m *collections) ingest(dir, run string, detectors []int) change {
	c := change{name: fmt.Sprint("ingest ", detectors, " into ", run), model: m.clone(), files: true}
	var list []butler.Ingest
	for i, d := range detectors {
		list = append(list, butler.Ingest{At: i + 1, Path: filepath.Join(dir, "a.yaml"), DataID: map[string]any{"instrument": "Cam", "detector": d}})
		if c.model != nil && !m.runs[run][d] && m.names[d] != "" {
			c.model.runs[run][d] = true
		} else {
			c.model = nil
		}
	}
	c.do = func(b *butler.Butler) error {
		_, err := b.IngestFiles(context.Background(), butler.IngestOptions{Type: "flat", Run: run, Transfer: butler.Copy}, list)
		return err
	}
	return c
}

// draw is any change.
func (m *collections) draw(t *rapid.T, b *butler.Butler, dir string) change {
	ctx := context.Background()
	run := rapid.SampledFrom([]string{"r/0", "r/1"}).Draw(t, "run")
	detectors := rapid.SliceOfNDistinct(rapid.IntRange(0, 3), 1, 3, rapid.ID).Draw(t, "detectors")
	begin := rapid.Int64Range(0, 9).Draw(t, "begin")
	span := dimension.Timespan{Begin: begin, End: rapid.Int64Range(begin+1, 10).Draw(t, "end")}
	typ, err := b.Registry.DatasetType(ctx, "flat")
	if err != nil {
		t.Fatal(err)
	}
	// These are the flats of the chosen detectors that the run has.
	var refs []dataset.Ref
	var have []int
	for ref, err := range b.Registry.AllDatasets(ctx, registry.AllDatasetsQuery{Types: []string{"flat"}, Collections: []string{run}, Bounds: registry.Bounds{AllRows: true}}) {
		if err != nil {
			t.Fatal(err)
		}
		if d := int(ref.DataID.RequiredValues()[1].Any().(int64)); slices.Contains(detectors, d) {
			refs, have = append(refs, ref.Ref), append(have, d)
		}
	}
	write := func(f func(tx *registry.Tx) error) func(*butler.Butler) error {
		return func(b *butler.Butler) error { return b.Registry.Write(ctx, f) }
	}
	c := change{model: m.clone()}
	kind := rapid.SampledFrom([]string{"chain", "chain", "tag", "untag", "certify", "certify", "decertify", "records", "ingest", "purge"}).Draw(t, "kind")
	c.name = fmt.Sprint(kind, " ", have, " of ", run, " ", span)
	switch kind {
	case "chain":
		name := rapid.SampledFrom([]string{"c/0", "c/1", "c/2"}).Draw(t, "chain")
		children := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"r/0", "r/1", "tagged", "calib", "c/0", "c/1", "c/2"}), 0, 3, rapid.ID).Draw(t, "children")
		c.name = fmt.Sprintf("chain %s of %q", name, children)
		c.model.chains[name] = append([]string{}, children...)
		if slices.ContainsFunc(children, func(child string) bool { return m.reaches(child, name) }) {
			c.model = nil
		}
		c.do = write(func(tx *registry.Tx) error { return tx.SetChain(name, children) })
	case "tag":
		for _, d := range have {
			if c.model != nil && (m.tags[d] == "" || m.tags[d] == run) {
				c.model.tags[d] = run
			} else {
				c.model = nil
			}
		}
		c.do = write(func(tx *registry.Tx) error { return tx.Associate("tagged", typ, refs) })
	case "untag":
		maps.DeleteFunc(c.model.tags, func(d int, r string) bool { return r == run && slices.Contains(have, d) })
		c.do = write(func(tx *registry.Tx) error { return tx.Disassociate("tagged", typ, refs) })
	case "certify":
		for _, d := range have {
			if slices.ContainsFunc(m.calibs, func(v validity) bool { return v.detector == d && v.begin < span.End && span.Begin < v.end }) {
				c.model = nil
				break
			}
			c.model.calibs = append(c.model.calibs, validity{run, d, span.Begin, span.End})
		}
		c.do = write(func(tx *registry.Tx) error { return tx.Certify("calib", typ, refs, span) })
	case "decertify":
		var ids []dimension.DataID
		if rapid.Bool().Draw(t, "some") {
			if len(refs) == 0 {
				return m.draw(t, b, dir)
			}
			for i := range refs {
				ids = append(ids, refs[i].DataID)
			}
		}
		c.model.calibs = nil
		for _, v := range m.calibs {
			if len(ids) > 0 && !slices.Contains(have, v.detector) || v.end <= span.Begin || span.End <= v.begin {
				c.model.calibs = append(c.model.calibs, v)
				continue
			}
			for _, rest := range []validity{{v.run, v.detector, v.begin, span.Begin}, {v.run, v.detector, span.End, v.end}} {
				if rest.begin < rest.end {
					c.model.calibs = append(c.model.calibs, rest)
				}
			}
		}
		c.do = write(func(tx *registry.Tx) error { _, err := tx.Decertify("calib", typ, span, ids); return err })
	case "records":
		mode := rapid.SampledFrom([]registry.RecordMode{registry.NewRecords, registry.SkipExisting, registry.ReplaceExisting}).Draw(t, "mode")
		c.name = fmt.Sprint("records ", detectors, " in mode ", mode)
		e := b.Registry.Universe().Element("detector")
		var list []map[string]any
		for _, d := range detectors {
			name := fmt.Sprintf("d%d of %d", d, begin)
			list = append(list, map[string]any{"instrument": "Cam", "id": int64(d), "full_name": name})
			switch {
			case c.model == nil:
			case m.names[d] == "" || mode == registry.ReplaceExisting:
				c.model.names[d] = name
			case mode == registry.NewRecords:
				c.model = nil
			}
		}
		c.do = func(b *butler.Butler) error {
			e := b.Registry.Universe().Element(e.Name)
			var in []registry.RecordInput
			for i, fields := range list {
				r, err := registry.ReadRecord(e, fields)
				in = append(in, registry.RecordInput{At: i + 1, Record: r, Err: err})
			}
			return b.Registry.Write(ctx, func(tx *registry.Tx) error {
				_, err := tx.InsertDimensionRecords(e, mode, slices.Values(in))
				return err
			})
		}
	case "ingest":
		return m.ingest(dir, run, detectors)
	case "purge":
		c.files = true
		var ids []dataset.ID
		for i, d := range have {
			ids = append(ids, refs[i].ID)
			delete(c.model.runs[run], d)
			if c.model.tags[d] == run {
				delete(c.model.tags, d)
			}
		}
		c.model.calibs = slices.DeleteFunc(c.model.calibs, func(v validity) bool { return v.run == run && slices.Contains(have, v.detector) })
		c.do = func(b *butler.Butler) error { return b.Purge(ctx, ids...) }
	}
	return c
}
