package ledger_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"valet/datastore/butler"
	"valet/quantum"
	"valet/quantum/executor"
	"valet/quantum/ledger"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// gridSource streams visits times 100 detectors with one dataset each.
type gridSource struct {
	quantum.Source
	n int
}

func (s gridSource) Rows(_ context.Context, q quantum.Search) iter.Seq2[*quantum.Row, error] {
	return func(yield func(*quantum.Row, error) bool) {
		var vs []dimension.Value
		row := &quantum.Row{Datasets: make([]quantum.Found, 1)}
		for i := range int64(s.n) {
			vs = vs[:0]
			for _, e := range q.Dimensions.Dimensions() {
				switch e.Name {
				case "instrument":
					vs = append(vs, dimension.StringValue("TestCam"))
				case "detector":
					vs = append(vs, dimension.IntValue(i%100))
				case "visit", "exposure":
					vs = append(vs, dimension.IntValue(2026112300000+i/100))
				default:
					if e.KeyType() == dimension.String {
						vs = append(vs, dimension.StringValue("r"))
					} else {
						vs = append(vs, dimension.IntValue(20261123))
					}
				}
			}
			row.DataID = dimension.NewDataID(q.Dimensions, vs)
			row.Datasets[0] = quantum.Found{ID: dataset.ID{13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}, Run: "in"}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// fill records n quanta of the first task, of which one in a hundred failed, in groups of 700, and returns how long recording took.
func fill(b *testing.B, u *butler.Butler, l *ledger.Ledger, run string, n int) time.Duration {
	resolved := resolve(b, u)
	g, err := quantum.Build(context.Background(), gridSource{n: n}, resolved, quantum.Options{Collections: &quantum.Collections{Inputs: []string{"in"}, Run: run}, Now: time.Now()})
	if err != nil {
		b.Fatal(err)
	}
	lease, err := l.Acquire(context.Background(), run)
	if err != nil {
		b.Fatal(err)
	}
	j, err := lease.Begin(context.Background(), ledger.Start{Graph: g, Workers: 2})
	if err != nil {
		b.Fatal(err)
	}
	const group = 700
	outcomes := make([]executor.Outcome, 0, group)
	var spent time.Duration
	q := g.Tasks[0]
	for row := range q.Len() {
		s := quantum.Succeeded
		if row%100 == 7 {
			s = quantum.Failed
		}
		o := outcome(q, row, s, 0, time.Now())
		o.LogID = dataset.ID{1: 1, 13: byte(row >> 16), 14: byte(row >> 8), 15: byte(row)}
		if outcomes = append(outcomes, o); len(outcomes) == group || row == q.Len()-1 {
			err := u.Registry.Write(context.Background(), func(tx *registry.Tx) error {
				start := time.Now()
				err := j.Record(tx, outcomes)
				spent += time.Since(start)
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
			outcomes = outcomes[:0]
		}
	}
	if err := j.End(context.Background(), ledger.End{State: ledger.Done}); err != nil {
		b.Fatal(err)
	}
	return spent
}

// BenchmarkRecord is what recording costs inside the transaction of the datasets.
func BenchmarkRecord(b *testing.B) {
	const n = 100_000
	u := open(b, copyRepository(b))
	l := ledger.New(u.Registry, ledger.Options{})
	var spent time.Duration
	runs := 0
	b.ReportAllocs()
	for b.Loop() {
		runs++
		spent += fill(b, u, l, "r"+string(rune('a'+runs)), n)
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(runs*n), "ns/quantum")
}

// BenchmarkTwice asks for the status of a million quanta that were all done twice: the dearest case.
func BenchmarkTwice(b *testing.B) {
	const n = 1_000_000
	u := open(b, copyRepository(b))
	l := ledger.New(u.Registry, ledger.Options{})
	fill(b, u, l, "r", n)
	b.ReportMetric(float64(fill(b, u, l, "r", n).Nanoseconds())/n, "ns/again")
	for b.Loop() {
		if s, err := l.Status(context.Background(), "r"); err != nil || s.Counts.Succeeded+s.Counts.Failed != n {
			b.Fatalf("%+v %v", s, err)
		}
	}
}

// BenchmarkMillion asks a ledger of a million attempts.
func BenchmarkMillion(b *testing.B) {
	const n = 1_000_000
	u := open(b, copyRepository(b))
	l := ledger.New(u.Registry, ledger.Options{})
	fill(b, u, l, "r", n)
	ctx := context.Background()
	for name, ask := range map[string]func() error{
		"Status":   func() error { _, err := l.Status(ctx, "r"); return err },
		"Failures": func() error { _, err := l.Failures(ctx, "r", ledger.ByMessage); return err },
		"Detector": func() error { _, err := l.Failures(ctx, "r", "detector"); return err },
		"Slowest":  func() error { _, err := l.Slowest(ctx, "r", 20); return err },
		"Rate":     func() error { _, err := l.Rate(ctx, "r"); return err },
		"Failed": func() error {
			for _, err := range l.Quanta(ctx, "r", ledger.Filter{States: []quantum.State{quantum.Failed}}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
