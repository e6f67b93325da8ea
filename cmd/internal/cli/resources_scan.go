package cli

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/query"
	"valet/tasks/verify"
)

// usageScan reads what the quanta of all tasks in some collections used, task by task. It holds the file records of one task, and the
// usage of one batch of its quanta.
type usageScan struct {
	butler *butler.Butler
	log    zerolog.Logger
	search registry.Query // without dimensions and datasets
	// collections are the flat list to search, without calibration collections, which hold no metadata of tasks.
	collections []string
	types       []*dataset.Type
	dimensions  *dimension.Group // of all types together
	// read and unreadable count quanta.
	read, unreadable int
}

// quantumUsage is the usage of a quantum, or why it is unknown.
type quantumUsage struct {
	datasetType string
	dataID      dimension.DataID
	record      dataset.FileRecord // zero if the dataset has none
	usage       verify.Usage
	err         error
}

// newUsageScan finds the dataset types that have datasets in the collections.
func newUsageScan(ctx context.Context, b *butler.Butler, collections []string, where query.Expr, log zerolog.Logger) (*usageScan, error) {
	s := &usageScan{butler: b, log: log, search: registry.Query{Where: where, Defaults: map[string]any{}}}
	flat, err := b.Registry.Flatten(ctx, collections...)
	if err != nil {
		return nil, err
	}
	for _, c := range flat {
		if c.Kind != dataset.Calibration {
			s.collections = append(s.collections, c.Name)
		}
	}
	governors, err := b.Registry.Governors(ctx, collections...)
	if err != nil {
		return nil, err
	}
	for name, values := range governors {
		if len(values) == 1 {
			s.search.Defaults[name] = values[0]
		}
	}
	types, err := b.Registry.DatasetTypes(ctx)
	if err != nil {
		return nil, err
	}
	var groups []*dimension.Group
	for _, t := range types {
		if !isTaskMetadata(t) {
			continue
		}
		found, err := s.has(ctx, t)
		if err != nil {
			return nil, err
		}
		if found {
			s.types = append(s.types, t)
			groups = append(groups, t.Dimensions)
		}
	}
	s.dimensions = b.Registry.Universe().MustGroup().Union(groups...)
	return s, nil
}

// metadataName is what upstream's gathering of resource usage takes for the metadata of a task (pipelines.md 7.7).
var metadataName = regexp.MustCompile(`^\w+_metadata$`)

// isTaskMetadata reports whether datasets of a type are the metadata of quanta. The storage class tells other datasets of such names
// apart; PropertySet and PropertyList are those of before 2022.
func isTaskMetadata(t *dataset.Type) bool {
	if !metadataName.MatchString(t.Name) || strings.Contains(t.Name, "gatherResourceUsage") {
		return false
	}
	return slices.Contains([]string{"TaskMetadata", "PropertySet", "PropertyList"}, t.StorageClass)
}

func taskOf(t *dataset.Type) string { return strings.TrimSuffix(t.Name, "_metadata") }

// query searches the datasets of a type, the first of each data ID.
func (s *usageScan) query(t *dataset.Type) registry.Query {
	q := s.search
	q.Dimensions = t.Dimensions
	q.Datasets = []registry.DatasetSearch{{Type: t.Name, Collections: s.collections, Records: true, RecordTable: s.butler.Store.Config.Table}}
	return q
}

// has reports whether there is a dataset of a type.
func (s *usageScan) has(ctx context.Context, t *dataset.Type) (bool, error) {
	q := s.query(t)
	q.Limit = 1
	for _, err := range s.butler.Registry.Select(ctx, q) {
		return err == nil, err
	}
	return false, nil
}

// Quanta are read in batches, so that few are held, by workers that take a part of a batch at a time.
const (
	usageBatch = 4096
	usagePart  = 64
)

// each visits the quanta of a task in order of their data IDs. The search ends before the first file is read. What is visited is
// used again. Errors of single files go to unreadable; the returned one ends the scan.
func (s *usageScan) each(ctx context.Context, t *dataset.Type, unreadable func(*quantumUsage), visit func(*quantumUsage) error) error {
	q := s.query(t)
	q.Sorted = true
	var quanta []quantumFile
	for r, err := range s.butler.Registry.Select(ctx, q) {
		if err != nil {
			return err
		}
		f := quantumFile{dataID: r.DataID}
		if record := r.Datasets[0].Record; record != nil {
			f.record = *record
			f.record.Checksum = "" // nothing here needs it, and it is long
		}
		quanta = append(quanta, f)
	}
	var unrecorded, kib int
	results := make([]quantumUsage, min(len(quanta), usageBatch))
	for batch := range slices.Chunk(quanta, usageBatch) {
		results := results[:len(batch)]
		if err := s.readBatch(ctx, t, batch, results); err != nil {
			return err
		}
		for i := range results {
			u := &results[i]
			if u.err != nil {
				s.unreadable++
				unreadable(u)
				continue
			}
			s.read++
			if u.usage.Unrecorded {
				unrecorded++
			}
			if u.usage.KiB {
				kib++
			}
			if err := visit(u); err != nil {
				return err
			}
		}
	}
	if unrecorded > 0 {
		s.log.Warn().Str("task", taskOf(t)).Int("quanta", unrecorded).Msg("metadata without resource usage, shown as zeros")
	}
	if kib > 0 {
		s.log.Warn().Str("task", taskOf(t)).Int("quanta", kib).Msg("memory was recorded by an old version, taken as KiB")
	}
	return nil
}
