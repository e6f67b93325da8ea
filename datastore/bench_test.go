package datastore

import (
	"fmt"
	"testing"

	"valet/datastore/vfs"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// benchPlacer is the placer of a type over visit and detector, and 189 data IDs of each of 10 visits.
func benchPlacer(b testing.TB) (*Placer, []dimension.DataID) {
	u := testUniverse(b)
	s := testStore(b, u, nil)
	g := u.MustGroup("visit", "detector")
	records := goldenRecords{}
	detector := u.Element("detector")
	values := map[string]any{"instrument": "TestCam", "band": "g", "day_obs": 20260801, "physical_filter": "g_03"}
	var ids []dimension.DataID
	for visit := range 10 {
		for d := range 189 {
			values["visit"], values["detector"] = 2026080100000+visit, d
			id := makeDataID(b, g, values)
			ids = append(ids, id)
			record := &dimension.Record{Element: detector, Values: []any{"TestCam", int64(d), fmt.Sprintf("R00_S%02d", d), nil, nil, nil}}
			subset, _ := id.Subset(detector.Group())
			records["detector "+subset.Key()] = record
		}
	}
	p, err := s.Placer(&dataset.Type{Name: "metricvalue_ap_association_DiaForcedSourceMemory", Dimensions: g, StorageClass: "MetricValue"},
		"u/metrics/20261123T175039Z", records)
	if err != nil {
		b.Fatal(err)
	}
	return p, ids
}

func BenchmarkAppendPath(b *testing.B) {
	p, ids := benchPlacer(b)
	var buf []byte
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		var err error
		if buf, err = p.AppendPath(buf[:0], ids[i%len(ids)], dataset.ID{}); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// TestAppendPathAllocations pins what the executor's budget counts on.
func TestAppendPathAllocations(t *testing.T) {
	p, ids := benchPlacer(t)
	buf := make([]byte, 0, 512)
	i := 0
	work := func() {
		var err error
		if buf, err = p.AppendPath(buf[:0], ids[i%189], dataset.ID{}); err != nil {
			t.Fatal(err)
		}
		i++
	}
	for range 189 {
		work()
	}
	if n := testing.AllocsPerRun(500, work); n > 0 {
		t.Errorf("%v allocations per path", n)
	}
}

func BenchmarkWrite(b *testing.B) {
	s := storeOn(b, vfs.Real{}, b.TempDir())
	defer s.Close()
	w := s.Writer()
	p, ids := benchPlacer(b)
	data := make([]byte, 420)
	var buf []byte
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		buf, _ = p.AppendPath(buf[:0], ids[i%len(ids)], dataset.ID{})
		if err := w.Write(fmt.Sprintf("%d/%s", i/len(ids), buf), data); err != nil {
			b.Fatal(err)
		}
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "files/s")
}

func BenchmarkRead(b *testing.B) {
	s := storeOn(b, vfs.Real{}, b.TempDir())
	defer s.Close()
	if err := s.Writer().Write("u/run/a.json", make([]byte, 5000)); err != nil {
		b.Fatal(err)
	}
	r := &dataset.FileRecord{Path: "u/run/a.json", Size: 5000}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Read(r); err != nil {
			b.Fatal(err)
		}
	}
}
