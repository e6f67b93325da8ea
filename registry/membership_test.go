package registry_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// Membership, records and checks follow the layout of the repository, of every universe.
func TestMembershipInEveryLayout(t *testing.T) {
	for universe := range 9 {
		for _, keys := range []bool{false, true} {
			t.Run(fmt.Sprintf("universe %d, names as keys %v", universe, keys), func(t *testing.T) { membership(t, universe, keys) })
		}
	}
}

func membership(t *testing.T, universe int, nameKeys bool) {
	text, err := os.ReadFile(fmt.Sprintf("dimension/testdata/universe%d.json", universe))
	if err != nil {
		t.Fatal(err)
	}
	url := "sqlite:///" + filepath.Join(t.TempDir(), "gen3.sqlite3")
	ctx := t.Context()
	if err := registry.Create(ctx, registry.CreateOptions{URL: url, Universe: text, NameKeys: nameKeys, TextDates: nameKeys}); err != nil {
		t.Fatal(err)
	}
	o := registry.Options{URL: url}
	if nameKeys {
		o.Managers = map[string]string{"collections": "lsst.daf.butler.registry.collections.nameKey.NameKeyCollectionManager"}
	}
	r, err := registry.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	u := r.Universe()
	typ := &dataset.Type{Name: "flat", Dimensions: u.MustGroup("detector"), StorageClass: "int", IsCalibration: true}
	var refs []dataset.Ref
	insert := func(tx *registry.Tx, element string, fields ...map[string]any) error {
		var in []registry.RecordInput
		for _, f := range fields {
			rec, err := registry.ReadRecord(u.Element(element), f)
			in = append(in, registry.RecordInput{Record: rec, Err: err})
		}
		_, err := tx.InsertDimensionRecords(u.Element(element), registry.NewRecords, slices.Values(in))
		return err
	}
	span := dimension.Timespan{Begin: 1000, End: 2000}
	err = r.Write(ctx, func(tx *registry.Tx) error {
		if err := insert(tx, "instrument", map[string]any{"name": "Cam"}); err != nil {
			return err
		}
		if err := insert(tx, "detector", map[string]any{"instrument": "Cam", "id": 1, "full_name": "a"}, map[string]any{"instrument": "Cam", "id": 2, "full_name": "b"}); err != nil {
			return err
		}
		if err := insert(tx, "skymap", map[string]any{"name": "sky", "hash": "00ff"}); err != nil {
			return err
		}
		if err := insert(tx, "tract", map[string]any{"skymap": "sky", "id": 3, "region": "CIRCLE 10 20 0.3"}); err != nil {
			return err
		}
		if _, err := tx.RegisterDatasetType(typ); err != nil {
			return err
		}
		for name, kind := range map[string]dataset.CollectionKind{"r": dataset.Run, "r2": dataset.Run, "tagged": dataset.Tagged, "calib": dataset.Calibration} {
			if _, err := tx.RegisterCollection(name, kind, ""); err != nil {
				return err
			}
		}
		for _, run := range []string{"r", "r2"} {
			ref := dataset.Ref{ID: dataset.NewID(), Type: typ, Run: run, DataID: dimension.NewDataID(typ.Dimensions, []dimension.Value{dimension.StringValue("Cam"), dimension.IntValue(1)})}
			if err := tx.InsertDatasets(typ, run, time.Now(), []dataset.Ref{ref}); err != nil {
				return err
			}
			refs = append(refs, ref)
		}
		if err := tx.Associate("tagged", typ, refs[:1]); err != nil {
			return err
		}
		return tx.Certify("calib", typ, refs[:1], span)
	})
	if err != nil {
		t.Fatal(err)
	}
	var clash *registry.MembershipError
	if err := r.Write(ctx, func(tx *registry.Tx) error { return tx.Associate("tagged", typ, refs[1:]) }); !errors.As(err, &clash) || clash.ID != refs[0].ID {
		t.Error(err)
	}
	if err := r.Write(ctx, func(tx *registry.Tx) error { return tx.Certify("calib", typ, refs[1:], dimension.AllTime) }); !errors.As(err, &clash) || !clash.Calibration {
		t.Error(err)
	}
	var kind *registry.CollectionKindError
	if err := r.Write(ctx, func(tx *registry.Tx) error { return tx.Associate("r", typ, refs[1:]) }); !errors.As(err, &kind) {
		t.Error(err)
	}
	err = r.Write(ctx, func(tx *registry.Tx) error {
		// The middle of the range goes, and another dataset takes its place.
		n, err := tx.Decertify("calib", typ, dimension.Timespan{Begin: 1200, End: 1300}, nil)
		if err != nil || n != 1 {
			return fmt.Errorf("%d ranges changed, %w", n, err)
		}
		return tx.Certify("calib", typ, refs[1:], dimension.Timespan{Begin: 1200, End: 1300})
	})
	if err != nil {
		t.Fatal(err)
	}
	var spans []dimension.Timespan
	for a, err := range r.Associations(ctx, "flat", []string{"calib"}) {
		if err != nil {
			t.Fatal(err)
		}
		spans = append(spans, *a.Timespan)
	}
	slices.SortFunc(spans, func(a, b dimension.Timespan) int { return int(a.Begin - b.Begin) })
	if want := []dimension.Timespan{{Begin: 1000, End: 1200}, {Begin: 1200, End: 1300}, {Begin: 1300, End: 2000}}; !slices.Equal(spans, want) {
		t.Errorf("ranges %v, want %v", spans, want)
	}
	report := func(f registry.Fault) { t.Errorf("%s: %s", f.Kind, f.Object) }
	if err := errors.Join(r.CheckTables(ctx, report), r.CheckOverlaps(ctx, report)); err != nil {
		t.Error(err)
	}
	err = r.Write(ctx, func(tx *registry.Tx) error {
		if err := tx.SetDoc("tagged", "mine"); err != nil {
			return err
		}
		if err := tx.Disassociate("tagged", typ, refs); err != nil {
			return err
		}
		return errors.Join(tx.DeleteCollection("tagged"), tx.DeleteCollection("calib"))
	})
	if err != nil {
		t.Error(err)
	}
	if counts, err := r.CountDatasets(ctx, "r"); err != nil || counts["flat"] != 1 {
		t.Error(counts, err)
	}
}
