package cli

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/rs/zerolog"

	"valet/datastore/formatter"
	"valet/registry/dataset"
)

const goldenRun = "../../../testdata/run/before"

func TestIsTaskMetadata(t *testing.T) {
	tests := []struct {
		name, storageClass string
		want               bool
	}{
		{"isr_metadata", "TaskMetadata", true},
		{"isr_metadata", "PropertySet", true},
		{"isr_metadata", "PropertyList", true},
		{"visit_metadata", "StructuredDataDict", false},
		{"isr_metadata_old", "TaskMetadata", false},
		{"_metadata", "TaskMetadata", false},
		{"a-b_metadata", "TaskMetadata", false},
		{"isr.x_metadata", "TaskMetadata", false},
		{"isr_gatherResourceUsage_metadata", "TaskMetadata", false},
		{"consolidateResourceUsage_metadata", "TaskMetadata", true},
	}
	for _, test := range tests {
		if got := isTaskMetadata(&dataset.Type{Name: test.name, StorageClass: test.storageClass}); got != test.want {
			t.Errorf("%s of %s: %v, want %v", test.name, test.storageClass, got, test.want)
		}
	}
}

// Files are read by what they were recorded as: JSON of today, YAML of before 2022, and nothing else.
func TestParseTaskMetadata(t *testing.T) {
	tests := []struct {
		name, class, text string
		ok                bool
	}{
		{"json", formatter.JSONClass, `{"scalars":{},"arrays":{},"metadata":{"quantum":{"scalars":{"a":1},"arrays":{},"metadata":{}}}}`, true},
		{"yaml", formatter.YAMLClass, "!<lsst.daf.base.PropertySet>\n- - quantum\n  - PropertySet\n  - !<lsst.daf.base.PropertySet>\n    - [a, Double, 1.0]\n", true},
		{"broken json", formatter.JSONClass, `{"scalars":`, false},
		{"broken yaml", formatter.YAMLClass, "[", false},
		{"config", formatter.ConfigClass, "config.x = 1\n", false},
		{"unknown", "a.b.C", "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, err := parseTaskMetadata(&dataset.FileRecord{Formatter: test.class}, []byte(test.text))
			if (err == nil) != test.ok {
				t.Fatalf("error %v", err)
			}
			if test.ok && m.Child("quantum") == nil {
				t.Error("no quantum")
			}
		})
	}
}

// Whatever worker reads a file, its usage or its error stands at its place; a canceled scan ends.
func TestUsageBatchKeepsOrder(t *testing.T) {
	a, _, _ := testApp()
	b, err := a.openButler(t.Context(), goldenRun, true)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s, err := newUsageScan(t.Context(), b, []string{"u/sci"}, nil, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	isr := s.types[slices.IndexFunc(s.types, func(t *dataset.Type) bool { return t.Name == "isr_metadata" })]
	var single []quantumFile
	var memory []float64
	err = s.each(t.Context(), isr, func(q *quantumUsage) { t.Error(q.err) }, func(q *quantumUsage) error {
		single = append(single, quantumFile{q.dataID, q.record})
		memory = append(memory, q.usage.Memory)
		return nil
	})
	if err != nil || len(single) != 20 {
		t.Fatalf("%d quanta, error %v", len(single), err)
	}
	files := make([]quantumFile, 10*usagePart+1)
	for i := range files {
		files[i] = single[i%len(single)]
		if i%7 == 0 {
			files[i].record = dataset.FileRecord{}
		}
	}
	results := make([]quantumUsage, len(files))
	if err := s.readBatch(t.Context(), isr, files, results); err != nil {
		t.Fatal(err)
	}
	for i := range results {
		r := &results[i]
		switch {
		case r.dataID.Compare(files[i].dataID) != 0:
			t.Fatalf("%d: data ID %s, want %s", i, r.dataID, files[i].dataID)
		case i%7 == 0 && !errors.Is(r.err, errNoFile):
			t.Fatalf("%d: error %v", i, r.err)
		case i%7 != 0 && (r.err != nil || r.usage.Memory != memory[i%len(single)]):
			t.Fatalf("%d: memory %v, error %v", i, r.usage.Memory, r.err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.readBatch(ctx, isr, files, results); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: error %v", err)
	}
}

func BenchmarkUsageScan(b *testing.B) {
	a, _, _ := testApp()
	butler, err := a.openButler(b.Context(), goldenRun, true)
	if err != nil {
		b.Fatal(err)
	}
	defer butler.Close()
	s, err := newUsageScan(b.Context(), butler, []string{"u/sci"}, nil, zerolog.Nop())
	if err != nil {
		b.Fatal(err)
	}
	t := s.types[0]
	var files []quantumFile
	err = s.each(b.Context(), t, func(*quantumUsage) {}, func(q *quantumUsage) error {
		files = append(files, quantumFile{q.dataID, q.record})
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for len(files) < usageBatch {
		files = append(files, files[0])
	}
	results := make([]quantumUsage, len(files))
	for b.Loop() {
		if err := s.readBatch(b.Context(), t, files, results); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(files))/b.Elapsed().Seconds(), "quanta/s")
}
