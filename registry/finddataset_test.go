package registry_test

import (
	"context"
	"testing"

	"valet/registry"
	"valet/registry/dimension"
)

// TestLookups pins what the real Butler finds for data IDs of all kinds in the golden repository. want is the run, empty for none,
// or the class of the error.
func TestLookups(t *testing.T) {
	r := openQueries(t)
	const visit, field = 2026080100010, "T20260801_001"
	type m = map[string]any
	chain := []string{"u/alice/all"}
	calib := []string{"TestCam/calib"}
	evening := &dimension.Timespan{Begin: 1785621600000000000, End: 1785625200000000000} // 2026-08-01T22 to T23 TAI
	for _, c := range []struct {
		name, typ string
		id        m
		in        []string
		at        *dimension.Timespan
		want      string
	}{
		{"keys", "diaPipe_metadata", m{"visit": visit, "detector": 1}, chain, nil, "u/alice/run3"},
		{"missing key", "diaPipe_metadata", m{"visit": visit}, chain, nil, "DimensionNameError"},
		{"no dataset", "diaPipe_metadata", m{"visit": visit, "detector": 99}, chain, nil, ""},
		{"digits are a name", "diaPipe_metadata", m{"visit": "2026080100010", "detector": 1}, chain, nil, "DimensionValueError"},
		{"integral float", "diaPipe_metadata", m{"visit": 2026080100010.0, "detector": 1}, chain, nil, "u/alice/run3"},
		{"alternate key", "diaPipe_metadata", m{"visit": field, "detector": "R00_S01"}, chain, nil, "u/alice/run3"},
		{"unknown alternate key", "diaPipe_metadata", m{"visit": visit, "detector": "nope"}, chain, nil, "DimensionValueError"},
		{"alternate key by its name", "diaPipe_metadata", m{"visit": visit, "full_name": "R00_S01"}, chain, nil, "u/alice/run3"},
		{"metadata", "diaPipe_metadata", m{"visit": visit, "raft": "R00", "name_in_raft": "S01"}, chain, nil, "u/alice/run3"},
		{"several records", "diaPipe_metadata", m{"visit": visit, "raft": "R00"}, chain, nil, "DimensionValueError"},
		{"night and number", "diaPipe_metadata", m{"day_obs": 20260801, "seq_num": 10, "detector": 1}, chain, nil, "u/alice/run3"},
		{"unknown number", "diaPipe_metadata", m{"day_obs": 20260801, "seq_num": 77, "detector": 1}, chain, nil, "DimensionValueError"},
		{"night alone", "diaPipe_metadata", m{"day_obs": 20260801, "detector": 1}, chain, nil, "DimensionNameError"},
		{"filter and number", "diaPipe_metadata", m{"physical_filter": "r_03", "seq_num": 10, "detector": 1}, chain, nil, "u/alice/run2"},
		{"qualified", "diaPipe_metadata", m{"visit.day_obs": 20260801, "visit.seq_num": 10, "detector.full_name": "R00_S01"}, chain, nil, "u/alice/run3"},
		{"qualified keys", "diaPipe_metadata", m{"visit.id": visit, "detector.id": 1}, chain, nil, "u/alice/run3"},
		{"qualified, other dimension", "diaPipe_metadata", m{"exposure.day_obs": 20260801, "exposure.seq_num": 10, "detector": 1}, chain, nil, "DimensionNameError"},
		{"qualified, no dimension", "diaPipe_metadata", m{"visit": visit, "detector": 1, "nope.x": 1}, chain, nil, "KeyError"},
		{"qualified, no field", "diaPipe_metadata", m{"visit": visit, "detector": 1, "visit.nope": 1}, chain, nil, "AttributeError"},
		{"wrong implied value", "diaPipe_metadata", m{"visit": visit, "detector": 1, "band": "r", "day_obs": 20260802}, chain, nil, "u/alice/run3"},
		{"other dimensions", "diaPipe_metadata", m{"visit": visit, "detector": 1, "skymap": "small_sky", "exposure": visit}, chain, nil, "u/alice/run3"},
		{"agreeing field", "diaPipe_metadata", m{"visit": visit, "detector": 1, "seq_num": 10}, chain, nil, "u/alice/run3"},
		{"contradicting field", "diaPipe_metadata", m{"visit": visit, "detector": 1, "seq_num": 11}, chain, nil, "DimensionValueError"},
		{"field of no record", "diaPipe_metadata", m{"visit": 1, "detector": 1, "seq_num": 10}, chain, nil, "DimensionValueError"},
		{"unknown word", "diaPipe_metadata", m{"visit": visit, "detector": 1, "foo": 1}, chain, nil, "DimensionValueError"},
		{"field of another type's dimension", "diaPipe_metadata", m{"obs_id": "TC_O_20260801_000901", "detector": 1}, chain, nil, "DimensionValueError"},
		{"region", "diaPipe_metadata", m{"visit": visit, "detector": 1, "region": 5}, chain, nil, "DimensionValueError"},
		{"null", "diaPipe_metadata", m{"visit": nil, "detector": 1}, chain, nil, "TypeError"},
		{"boolean", "diaPipe_metadata", m{"visit": visit, "detector": true}, chain, nil, "u/alice/run3"},
		{"text for a number", "diaPipe_metadata", m{"day_obs": "20260801", "seq_num": 10, "detector": 1}, chain, nil, "InvalidQueryError"},
		{"integer for a float", "diaPipe_metadata", m{"exposure_time": 30, "seq_num": 10, "day_obs": 20260801, "detector": 1}, chain, nil, "u/alice/run3"},
		{"exposure by obs_id", "isr_metadata", m{"obs_id": "TC_O_20260801_000010", "detector": 0}, chain, nil, "u/alice/run1"},
		{"exposure by group", "isr_metadata", m{"group": "20260801_1", "detector": 0}, chain, nil, "DimensionNameError"},
		{"several exposures", "isr_metadata", m{"seq_num": 10, "detector": 0}, chain, nil, "DimensionValueError"},
		{"glob", "diaPipe_metadata", m{"visit": visit, "detector": 1}, []string{"u/bob/r1", "u/*"}, nil, "u/alice/run1"},
		{"no collections", "diaPipe_metadata", m{"visit": visit, "detector": 1}, nil, nil, "NoDefaultCollectionError"},
		{"empty list", "diaPipe_metadata", m{"visit": visit, "detector": 1}, []string{}, nil, ""},
		{"unknown collection", "bias", m{"detector": 1}, []string{"nope"}, nil, "MissingCollectionError"},
		{"unknown type", "nope", m{"detector": 1}, chain, nil, "MissingDatasetTypeError"},
		{"component", "bias.x", m{"detector": 1}, chain, nil, "UnknownComponentError"},
		{"without dimensions", "run_config", m{}, []string{"u/alice/run1"}, nil, "u/alice/run1"},
		{"tagged", "flat", m{"detector": 1, "physical_filter": "g_03"}, []string{"tag/mixed"}, nil, "TestCam/calib/gen2"},
		{"calibration", "bias", m{"detector": "R00_S01"}, []string{"calibs_both"}, evening, "TestCam/calib/gen1"},
		{"calibration without time", "bias", m{"detector": 1}, calib, nil, ""},
		{"run behind it", "bias", m{"detector": 1}, append(calib, "TestCam/calib/gen1"), nil, "TestCam/calib/gen1"},
		{"two ranges", "bias", m{"detector": 1}, calib, &dimension.AllTime, "CalibrationLookupError"},
		{"run before it", "bias", m{"detector": 1}, append([]string{"TestCam/calib/gen2"}, calib...), &dimension.AllTime, "TestCam/calib/gen2"},
		{"never", "bias", m{"detector": 1}, calib, &dimension.EmptyTimespan, ""},
		{"calibration by exposure without time", "bias", m{"detector": 1, "exposure": visit}, calib, nil, ""},
		{"fields of an exposure", "bias", m{"detector": 1, "seq_num": 10}, calib, nil, "DimensionValueError"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := registry.Lookup{Type: c.typ, DataID: c.id, Collections: c.in, Timespan: c.at, Defaults: m{"instrument": "TestCam"}}
			ref, err := r.FindDataset(context.Background(), l)
			switch {
			case c.want != "" && c.want[0] >= 'A' && c.want[0] <= 'Z' && c.want[:2] != "Te":
				checkClass(t, err, c.want)
			case err != nil:
				t.Error(err)
			case ref == nil && c.want != "" || ref != nil && ref.Run != c.want:
				t.Errorf("%v, want run %q", ref, c.want)
			}
		})
	}
}

// TestLocate pins what the real Butler reads for data IDs with other dimensions than the type's.
func TestLocate(t *testing.T) {
	r := openQueries(t)
	const visit = 2026080100010
	type m = map[string]any
	for _, c := range []struct {
		name, typ string
		id        m
		in        string
		want      string
	}{
		{"by exposure", "bias", m{"detector": 1, "exposure": visit}, "TestCam/calib", "TestCam/calib/gen1"},
		{"by visit", "bias", m{"detector": 1, "visit": visit}, "TestCam/calib", "TestCam/calib/gen1"},
		{"by day", "bias", m{"detector": 1, "day_obs": 20260801}, "TestCam/calib", "TestCam/calib/gen1"},
		{"by night and number", "bias", m{"detector": 1, "day_obs": 20260801, "seq_num": 10}, "TestCam/calib", "TestCam/calib/gen1"},
		{"visit before day", "bias", m{"detector": 1, "visit": visit, "day_obs": 20260802}, "TestCam/calib", "TestCam/calib/gen1"},
		{"no time", "bias", m{"detector": 1}, "TestCam/calib", "CalibrationLookupError"},
		{"exposure without times", "bias", m{"detector": 1, "exposure": 2026080200901}, "TestCam/calib", ""},
		{"no record", "bias", m{"detector": 1, "visit": 5}, "TestCam/calib", "DataIdValueError"},
		{"filter of the exposure", "flat", m{"detector": 1, "exposure": visit}, "TestCam/calib", "TestCam/calib/gen1"},
		{"filter given too", "flat", m{"detector": 1, "exposure": visit, "physical_filter": "g_03"}, "TestCam/calib", "TestCam/calib/gen1"},
		{"plain", "diaPipe_metadata", m{"detector": 1, "visit": visit}, "u/alice/all", "u/alice/run3"},
		{"plain, none", "diaPipe_metadata", m{"detector": 1, "visit": 3}, "u/alice/all", ""},
		{"missing", "diaPipe_metadata", m{"detector": 1}, "u/alice/all", "DimensionNameError"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.id["instrument"] = "TestCam"
			ref, err := r.LocateDataset(context.Background(), registry.Lookup{Type: c.typ, DataID: c.id, Collections: []string{c.in}})
			switch {
			case c.want == "DataIdValueError" || c.want == "CalibrationLookupError" || c.want == "DimensionNameError":
				checkClass(t, err, c.want)
			case err != nil:
				t.Error(err)
			case ref == nil && c.want != "" || ref != nil && ref.Run != c.want:
				t.Errorf("%v, want run %q", ref, c.want)
			}
		})
	}
}
