package quantum

import (
	"context"
	"iter"
	"runtime"
	"strconv"
	"testing"

	"valet/registry/dataset"
	"valet/registry/dimension"
)

// gridSource streams visits times 100 detectors with one dataset each, without keeping any.
type gridSource struct {
	Source
	n int
}

func (s gridSource) Rows(_ context.Context, q Search) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		var path []byte
		var vs []dimension.Value
		row, record := &Row{Datasets: make([]Found, 1)}, &dataset.FileRecord{Formatter: "f", StorageClass: "TaskMetadata", Component: dataset.WholeDataset, Size: 5000}
		for i := range int64(s.n) {
			visit, detector := 2026112300000+i/100, i%100
			vs = vs[:0]
			for _, e := range q.Dimensions.Dimensions() {
				switch e.Name {
				case "instrument":
					vs = append(vs, dimension.StringValue("LSSTCam"))
				case "band", "physical_filter":
					vs = append(vs, dimension.StringValue("r_03"))
				case "day_obs":
					vs = append(vs, dimension.IntValue(20261123))
				case "detector":
					vs = append(vs, dimension.IntValue(detector))
				default:
					vs = append(vs, dimension.IntValue(visit))
				}
			}
			row.DataID = dimension.NewDataID(q.Dimensions, vs)
			path = strconv.AppendInt(append(path[:0], "u/sci/20261123T175034Z/dia_metadata/20261123/r/r_03/"...), visit, 10)
			path = strconv.AppendInt(append(path, "/dia_metadata_LSSTCam_r_03_"...), visit, 10)
			path = append(strconv.AppendInt(append(path, '_'), detector, 10), "_u_sci_20261123T175034Z.json"...)
			record.Path = string(path)
			id := dataset.ID{0: 1, 12: byte(i >> 24), 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}
			record.ID = id
			row.Datasets[0] = Found{ID: id, Run: "u/sci/20261123T175034Z", Record: record}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// BenchmarkBuild builds 100,000 quanta of visit and detector; bytes/quantum is what the finished graph keeps.
func BenchmarkBuild(b *testing.B) {
	const n = 100_000
	s := observations(b)
	p := s.resolve(b, yaml(memoryTask))
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	var g *Graph
	b.ReportAllocs()
	for b.Loop() {
		var err error
		g, err = Build(context.Background(), gridSource{n: n}, p, Options{Collections: &Collections{Inputs: []string{"in"}}, Now: buildTime})
		if err != nil || g.Len() != n {
			b.Fatal(g, err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "quanta/s")
	b.ReportMetric(float64(heap()-before)/n, "bytes/quantum")
	runtime.KeepAlive(g)
}
