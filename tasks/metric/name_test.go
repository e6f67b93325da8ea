package metric

import "testing"

func TestName(t *testing.T) {
	for _, s := range []string{"p.m", "m", "", ".m", "p.", "."} {
		if n, err := ParseName(s); err != nil || n.String() != s {
			t.Errorf("%q: got %q, %v", s, n, err)
		}
	}
	if _, err := ParseName("a.b.c"); classOf(err) != "TypeError" {
		t.Errorf("three parts: got %v", err)
	}
	for _, n := range []Name{{}, {Package: "p"}, {Package: "a.b", Metric: "m"}, {Package: "p", Metric: "m.n"}} {
		if n.Validate() == nil {
			t.Errorf("%+v is valid", n)
		}
	}
	for _, n := range []Name{{Package: "p", Metric: "m"}, {Metric: "m", Bare: true}} {
		if err := n.Validate(); err != nil {
			t.Error(err)
		}
	}
}

// The text of a name is kept as read, even where its parts would print otherwise.
func TestReadOddNames(t *testing.T) {
	for _, s := range []string{".m", "p.", "."} {
		m, err := ParseMeasurement([]byte("!<lsst.verify.Measurement> {metric: '" + s + "', identifier: x, value: 1.0, unit: s, notes: {a: 1}, blobs: []}"))
		if err != nil || m.Metric != s || m.Notes[0].Key != s+".a" {
			t.Errorf("%q: got %+v, %v", s, m, err)
		}
	}
}
