package values_test

import (
	"testing"
	"time"

	"valet/quantum/values"
	"valet/registry"
	"valet/registry/dataset"
	"valet/tasks/metric"
)

// BenchmarkInsert is what the index costs a run: one measurement of each quantum, in groups, inside the transaction of its datasets.
func BenchmarkInsert(b *testing.B) {
	r := newRepository(b)
	ids := r.put("a", 1, map[string][]byte{"metricvalue_p_m": yaml(b, "p.m", 1.5, "s")})
	const group = 700
	m, err := metric.ParseMeasurement(yaml(b, "p.m", 1.5, "s"))
	if err != nil {
		b.Fatal(err)
	}
	records := make([]dataset.FileRecord, group)
	if err := r.Registry.Write(b.Context(), func(tx *registry.Tx) error { return tx.Migrate() }); err != nil {
		b.Fatal(err)
	}
	var in values.Inserter
	var spent time.Duration
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		for i := range records {
			records[i] = dataset.FileRecord{ID: dataset.NewID(), Path: "u/metrics/20261123T175039Z/metricvalue_p_m/20260801/g/g_03/2026080100000/metricvalue_p_m_TestCam.yaml", Size: 400}
		}
		records[0].ID = ids["metricvalue_p_m"] // when it was stored is asked of the database
		err := r.Registry.Write(b.Context(), func(tx *registry.Tx) error {
			start := time.Now()
			err := in.Insert(tx, group, func(i int) (*metric.Measurement, *dataset.FileRecord) { return m, &records[i] })
			spent += time.Since(start)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		n += group
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(n), "ns/measurement")
}
