package registrytest

import (
	"testing"

	"valet/registry"
	"valet/registry/dimension"
)

func testExpander(t *testing.T, f *fixture) {
	for _, preload := range []bool{false, true} {
		x := f.Registry.Expander()
		if preload {
			if err := x.Preload(f.ctx, "visit", "band", "detector", "physical_filter"); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			id, err := x.Expand(f.ctx, f.dataID("Cam", 4, 2))
			if err != nil {
				t.Fatal(err)
			}
			if !id.IsFull() || id.Get("band").Text() != "r" || id.Get("physical_filter").Text() != "r_03" || id.Get("visit").Int() != 1004 {
				t.Errorf("%v", id)
			}
			again, err := x.Expand(f.ctx, id)
			if err != nil || again.String() != id.String() {
				t.Errorf("%v %v", again, err)
			}
			values := append([]dimension.Value(nil), id.Values()...)
			values[id.Group().Position("band")] = dimension.StringValue("z")
			if _, err := x.Expand(f.ctx, dimension.NewDataID(id.Group(), values)); !is[*registry.InconsistentDataIDError](err) {
				t.Errorf("inconsistent band: %v", err)
			}
			r, err := x.Record(f.ctx, f.Universe().Element("detector"), id)
			if err != nil {
				t.Fatal(err)
			}
			if name, ok := r.Get("full_name"); !ok || name != "D2" {
				t.Errorf("%+v", r)
			}
			if r, err = x.Record(f.ctx, f.Universe().Element("visit"), id); err != nil {
				t.Fatal(err)
			}
			if v, _ := r.Get("exposure_time"); v != 30.5 {
				t.Errorf("exposure_time %v", v)
			}
			if v, ok := r.Get("timespan"); !ok || v != nil {
				t.Errorf("timespan %v", v)
			}
			if r, err = x.Record(f.ctx, f.Universe().Element("band"), id); err != nil || r.Values[0] != "r" {
				t.Errorf("band: %+v %v", r, err)
			}
			if r, err = x.Record(f.ctx, f.Universe().Element("visit_detector_region"), id); err != nil || r != nil {
				t.Errorf("visit_detector_region: %+v %v", r, err)
			}
		}
		if _, err := x.Expand(f.ctx, f.dataID("Cam", 99, 2)); !is[*registry.NotFoundError](err) {
			t.Errorf("unknown visit: %v", err)
		}
		if _, err := x.Expand(f.ctx, f.dataID("Cam", 1, 99)); !is[*registry.NotFoundError](err) {
			t.Errorf("unknown detector: %v", err)
		}
		htm := dimension.NewDataID(f.group("htm7"), []dimension.Value{dimension.IntValue(137635)})
		if id, err := x.Expand(f.ctx, htm); err != nil || id.Get("htm7").Int() != 137635 {
			t.Errorf("%v %v", id, err)
		}
		none := dimension.NewDataID(f.group(), nil)
		if id, err := x.Expand(f.ctx, none); err != nil || !id.IsFull() {
			t.Errorf("%v %v", id, err)
		}
	}
	if err := f.Registry.Expander().Preload(f.ctx, "nope"); !is[*registry.NotFoundError](err) {
		t.Error(err)
	}
}
