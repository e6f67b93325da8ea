package registry_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

func TestWriteRun(t *testing.T) {
	r := openGolden(t)
	ctx := context.Background()
	g := group(t, r, "visit", "detector")
	typ := &dataset.Type{Name: "metricvalue_x_y", Dimensions: g, StorageClass: "MetricValue"}
	if made, err := r.RegisterDatasetType(ctx, typ); err != nil || !made {
		t.Fatal(made, err)
	}
	if made, err := r.RegisterDatasetType(ctx, typ); err != nil || made {
		t.Fatal(made, err)
	}
	now := time.Now()
	var refs []dataset.Ref
	var records []dataset.FileRecord
	q := registry.Query{Dimensions: g, Datasets: []registry.DatasetSearch{{Type: "diaPipe_metadata", Collections: []string{"u/sci"}}}}
	for row, err := range r.Select(ctx, q) {
		if err != nil {
			t.Fatal(err)
		}
		ref := dataset.Ref{ID: dataset.NewID(), Type: typ, Run: "u/me/1", DataID: row.DataID}
		refs = append(refs, ref)
		records = append(records, dataset.FileRecord{ID: ref.ID, Path: "p/" + ref.ID.String(), Formatter: "F", StorageClass: "MetricValue", Component: dataset.WholeDataset, Size: 3})
	}
	err := r.Write(ctx, func(tx *registry.Tx) error {
		if _, err := tx.RegisterCollection("u/me/1", dataset.Run, ""); err != nil {
			return err
		}
		if _, err := tx.RegisterCollection("u/me", dataset.Chained, ""); err != nil {
			return err
		}
		if err := tx.SetChain("u/me", []string{"u/me/1", "u/sci", "u/me/1"}); err != nil {
			return err
		}
		if err := tx.InsertDatasets(typ, "u/me/1", now, refs); err != nil {
			return err
		}
		return tx.InsertRecords("FileDatastore@<butlerRoot>", registry.DefaultRecordTable, records)
	})
	if err != nil {
		t.Fatal(err)
	}
	q.Datasets = []registry.DatasetSearch{{Type: typ.Name, Collections: []string{"u/me"}, Records: true}}
	n := 0
	for row, err := range r.Select(ctx, q) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if f := row.Datasets[0]; f.Record == nil || f.Record.Size != 3 || f.Run != "u/me/1" {
			t.Errorf("%v %+v", row.DataID, f)
		}
	}
	if n != len(refs) {
		t.Errorf("%d rows, want %d", n, len(refs))
	}
	err = r.Write(ctx, func(tx *registry.Tx) error {
		again := refs[7]
		again.ID = dataset.NewID()
		return tx.InsertDatasets(typ, "u/me/1", now, []dataset.Ref{again})
	})
	var exists *registry.DatasetExistsError
	if !errors.As(err, &exists) || exists.ID != refs[7].ID {
		t.Errorf("%v", err)
	}
	err = r.Write(ctx, func(tx *registry.Tx) error {
		return tx.InsertDatasets(typ, "u/me/1", now, []dataset.Ref{{ID: dataset.NewID(), Type: typ, DataID: dimension.NewDataID(g,
			[]dimension.Value{dimension.StringValue("TestCam"), dimension.IntValue(0), dimension.IntValue(5)})}})
	})
	var missing *registry.NotFoundError
	if !errors.As(err, &missing) {
		t.Errorf("%v", err)
	}
	t.Log(err)
	err = r.Write(ctx, func(tx *registry.Tx) error {
		return tx.SetChain("u/sci", []string{"u/me"})
	})
	var cycle *registry.CycleError
	if !errors.As(err, &cycle) {
		t.Errorf("%v", err)
	}
	var files []dataset.FileRecord
	ids := []dataset.ID{refs[0].ID, refs[3].ID}
	err = r.Write(ctx, func(tx *registry.Tx) (err error) {
		files, err = tx.DeleteDatasets("FileDatastore@<butlerRoot>", registry.DefaultRecordTable, ids)
		return err
	})
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	in, again, err := r.Trash(ctx, "FileDatastore@<butlerRoot>", registry.DefaultRecordTable)
	if err != nil || len(in) != 2 || len(again) != 2 {
		t.Fatal(in, again, err)
	}
	err = r.Write(ctx, func(tx *registry.Tx) (err error) {
		return tx.FinishTrash("FileDatastore@<butlerRoot>", registry.DefaultRecordTable, ids)
	})
	if err != nil {
		t.Fatal(err)
	}
	if in, _, err = r.Trash(ctx, "FileDatastore@<butlerRoot>", registry.DefaultRecordTable); err != nil || len(in) != 0 {
		t.Fatal(in, err)
	}
}
