package query

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/sphere"
)

// datasetDimensions are those of the golden repository.
var datasetDimensions = map[string][]string{
	"diaPipe_metadata": {"detector", "visit"}, "metricvalue_ap_association_DiaForcedSourceMemory": {"detector", "visit"},
	"metricvalue_visit_count": {"visit"}, "isr_metadata": {"detector", "exposure"}, "ingest_metadata": {"exposure"},
	"camera_offsets": {"detector"}, "bias": {"detector"}, "flat": {"detector", "physical_filter"},
	"coadd_metadata": {"band", "patch"}, "skymap_def": {"skymap"}, "night_summary": {"day_obs"}, "refcat": {"htm7"}, "run_config": {},
	"overlap_metadata": {"detector", "patch", "visit"}, "catalog": {"visit"}, "never_used": {"visit"},
}

// bindValue reads a bind value of the golden cases; see their README.
func bindValue(t testing.TB, raw json.RawMessage) any {
	t.Helper()
	var text string
	var list []json.RawMessage
	var object map[string]json.RawMessage
	switch {
	case json.Unmarshal(raw, &text) == nil:
		return text
	case json.Unmarshal(raw, &list) == nil:
		out := make([]any, len(list))
		for i, x := range list {
			out[i] = bindValue(t, x)
		}
		return out
	case json.Unmarshal(raw, &object) != nil:
		s := string(raw)
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return f
		}
		return s == "true"
	}
	str := func(key string) string {
		var s string
		json.Unmarshal(object[key], &s)
		return s
	}
	tai := func(s string, otherwise int64) int64 {
		if s == "" {
			return otherwise
		}
		v, err := ParseTime("isot/" + s + "/tai")
		if err != nil {
			t.Fatal(err)
		}
		return int64(v)
	}
	for key := range object {
		switch key {
		case "set":
			return bindValue(t, object[key])
		case "time":
			return Time(tai(str(key), 0))
		case "timespan":
			var bounds [2]string
			json.Unmarshal(object[key], &bounds)
			return dimension.NewTimespan(tai(bounds[0], dimension.MinTime), tai(bounds[1], dimension.MaxTime))
		case "region_pos":
			r, err := sphere.ParsePOS(str(key))
			if err != nil {
				t.Fatal(err)
			}
			return r
		case "lonlat":
			var v [2]float64
			json.Unmarshal(object[key], &v)
			p, err := sphere.Degrees(v[0], v[1])
			if err != nil {
				t.Fatal(err)
			}
			return p
		case "float":
			f, err := strconv.ParseFloat(str(key), 64)
			if err != nil {
				t.Fatal(err)
			}
			return f
		case "hash":
			b, _ := hex.DecodeString(str(key))
			return b
		case "uuid":
			id, err := dataset.ParseID(str(key))
			if err != nil {
				t.Fatal(err)
			}
			return id
		case "bad":
			return struct{}{}
		}
	}
	t.Fatalf("unknown bind value %s", raw)
	return nil
}

func bindValues(t testing.TB, in map[string]json.RawMessage) Binds {
	out := Binds{}
	for name, raw := range in {
		out[name] = bindValue(t, raw)
	}
	return out
}

// dataID turns the numbers of decoded JSON into integers.
func dataID(in map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range in {
		if f, ok := v.(float64); ok && f == math.Trunc(f) {
			v = int64(f)
		}
		out[name] = v
	}
	return out
}

// understand does all that can be done with a condition without a database.
func understand(text string, c Context, id map[string]any, defaults map[string]dimension.Value) (Predicate, error) {
	e, err := Parse(text)
	if err != nil {
		return nil, err
	}
	p, err := Bind(e, c)
	if err != nil {
		return nil, err
	}
	values, err := BindDataID(id, c)
	if err != nil {
		return nil, err
	}
	if p, err = ApplyGovernors(Conjunction(p, values), c.Dimensions, defaults); err != nil {
		return nil, err
	}
	return p, CheckOverlaps(p)
}

// class is the exception class of an error. Where upstream stumbles over its own assertions, valet says InvalidQueryError.
func class(err error) string {
	if err == nil {
		return ""
	}
	var e interface{ ClassName() string }
	if errors.As(err, &e) {
		name := e.ClassName()
		return name[strings.LastIndexByte(name, '.')+1:]
	}
	return err.Error()
}

func expected(class string) string {
	switch class {
	case "AssertionError", "UnboundLocalError", "OverflowError":
		return "InvalidQueryError"
	}
	return class
}

// planned are the beginnings of messages of errors that only a planner can find.
var planned = []string{"InvalidQueryError: Too many", "InvalidQueryError: Dataset type", "InvalidQueryError: Order-by",
	"InvalidQueryError: Can not use", "InvalidQueryError: Cannot obtain", "InvalidQueryError: find_first", "InvalidQueryError: Cannot reference",
	"UnimplementedQueryError: Cannot join", "KeyError: 'nonsense'", "TypeError: Only governor"}

func TestBindGolden(t *testing.T) {
	u := readUniverse(t)
	ran := 0
	for _, c := range readGolden(t) {
		a := c.Args
		dims := append(a.Dimensions, a.JoinDimensions...)
		var datasets []string
		switch c.Kind {
		case "data_ids", "general":
		case "datasets":
			dims = append(dims, datasetDimensions[a.DatasetType]...)
			datasets = append(datasets, a.DatasetType)
		case "dimension_records":
			if e := u.Element(a.Element); e != nil {
				dims = append(dims, e.Group().Names()...)
			}
		default:
			continue
		}
		own := expected(c.errorClass())
		switch own {
		case "", "InvalidQueryError", "UnimplementedQueryError", "ValueError", "TypeError", "KeyError":
		default:
			continue
		}
		for _, beginning := range planned {
			if strings.HasPrefix(c.Error, beginning) {
				own = ""
			}
		}
		if len(a.OrderBy) > 0 && own != "" || a.DefaultCollections != nil {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			g, err := u.Group(dims...)
			if err != nil {
				t.Skip(err)
			}
			context := Context{Universe: u, Dimensions: g, Datasets: datasets, Binds: bindValues(t, a.Bind)}
			defaults := map[string]dimension.Value{}
			for name, v := range a.Default {
				if s, ok := v.(string); ok {
					defaults[name] = dimension.StringValue(s)
				}
			}
			if len(a.QueryWhere) > 0 {
				before := context
				for _, j := range a.JoinDatasets {
					before.Datasets = append(before.Datasets, j.DatasetType)
					before.Dimensions = before.Dimensions.Union(u.MustGroup(datasetDimensions[j.DatasetType]...))
				}
				if _, err := understand(a.QueryWhere, before, nil, defaults); class(err) != own {
					t.Fatalf("query_where %q: got %v, want %s", a.QueryWhere, err, c.Error)
				}
			}
			ran++
			p, err := understand(a.Where, context, dataID(a.DataID), defaults)
			if a.QueryWhere == "" && class(err) != own {
				t.Errorf("%q: got %v, want %s; understood %v", a.Where, err, c.Error, p)
			}
			checkMessage(t, err)
		})
	}
	if ran < 400 {
		t.Errorf("only %d golden cases were found", ran)
	}
}

// TestBindObserved compares with what the real stack was seen to do with further expressions over the golden repository.
func TestBindObserved(t *testing.T) {
	u := readUniverse(t)
	f, err := os.Open("testdata/binding.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var c struct {
			Dimensions   []string
			DatasetType  string `json:"dataset_type"`
			Where, Error string
			Bind         map[string]json.RawMessage
		}
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		context := Context{Universe: u, Dimensions: u.MustGroup(c.Dimensions...), Binds: bindValues(t, c.Bind)}
		if c.DatasetType != "" {
			context.Datasets = []string{c.DatasetType}
		}
		want := expected(c.Error)
		if want == "planner" {
			want = ""
		}
		p, err := understand(c.Where, context, nil, nil)
		if got := class(err); got != want {
			t.Errorf("%v %q %s: got %v, want %q; understood %v", c.Dimensions, c.Where, c.Bind, err, c.Error, p)
		}
		checkMessage(t, err)
	}
}

// checkMessage checks that an error can be acted on.
func checkMessage(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if err == nil || !errors.As(err, &e) {
		return
	}
	if e.Reason == "" || strings.Contains(e.Error(), "%!") {
		t.Errorf("the error %#v says nothing", e)
	}
	if e.At.Source() != "" && !strings.Contains(e.Caret(), "^") {
		t.Errorf("the error %v has no caret", e)
	}
}

func TestCaret(t *testing.T) {
	u := readUniverse(t)
	for _, c := range []struct{ where, want string }{
		{"visit > 3 AND\n\tdetectr = 5", "where expression, line 2, column 2: unknown name detectr\n\tdetectr = 5\n\t^^^^^^^\ndid you mean \"detector\"?"},
		{"visit == 3", "where expression, line 1, column 8: unexpected =\nvisit == 3\n       ^\nwrite a single = for equality"},
		{"band = 'it''s'", "where expression, line 1, column 12: unexpected 's'\nband = 'it''s'\n           ^^^\na string cannot contain a quote; give it as a bind value"},
		{"band = ", "where expression, line 1, column 8: the expression is incomplete\nband = \n       ^\nadd"},
		{"visit.timespan.begin > '2026-08-02'", "where expression, line 1, column 1: > cannot compare a datetime with a string in visit.timespan.begin > '2026-08-02'\n" +
			"visit.timespan.begin > '2026-08-02'\n^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\nwrite times as T'2026-08-02', with a T before the quote"},
		{"Visit = 3", "where expression, line 1, column 1: unknown name Visit\nVisit = 3\n^^^^^\nnames are case-sensitive: did you mean visit?"},
		{"seq_num = 3", "where expression, line 1, column 1: unknown name seq_num\nseq_num = 3\n^^^^^^^\nfields of dimensions that the result does not have must be qualified: exposure.seq_num"},
	} {
		_, err := understand(c.where, Context{Universe: u, Dimensions: u.MustGroup("detector")}, nil, nil)
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%q gives %v", c.where, err)
		}
		if got := e.Error() + "\n" + e.Caret() + "\n" + e.Hint(); !strings.HasPrefix(got, c.want) {
			t.Errorf("%q gives\n%s\nwant\n%s", c.where, got, c.want)
		}
	}
}

// TestBoundTree shows what some expressions become.
func TestBoundTree(t *testing.T) {
	u := readUniverse(t)
	c := Context{Universe: u, Dimensions: u.MustGroup("visit"), Datasets: []string{"catalog"}, Binds: Binds{"list": []int{3, 4}, "none": []string{}, "five": 5}}
	for _, x := range []struct{ where, want string }{
		{"", "<nil>"},
		{"visit.id = 3", "visit = 3"},
		{"NOT (visit != 3)", "visit = 3"},
		{"NOT (visit = 3 AND band = 'g' OR seq_num >= 2.5)", "((visit != 3 OR band != 'g') AND visit.seq_num < 2.5)"},
		{"NOT NOT visit.region OVERLAPS POINT(1, 2)", "visit.region OVERLAPS region"},
		{"visit IN (1, 2..8:3, NULL, 5, 7..7, seq_num)", "(visit IN (1, 5, 7) OR visit IN (2..8:3) OR visit = NULL OR visit = visit.seq_num)"},
		{"visit IN (3)", "visit = 3"},
		{"visit NOT IN (3, five)", "NOT visit IN (3, 5)"},
		{"visit IN (:list)", "visit IN (3, 4)"},
		{"band IN (:none)", "band IN ()"},
		{"exposure.has_simulated AND NOT exposure.can_see_sky", "(exposure.has_simulated AND NOT exposure.can_see_sky)"},
		{"exposure.has_simulated != NULL", "NOT exposure.has_simulated = NULL"},
		{"3 = NULL", "FALSE"},
		{"timespan.begin > T'2026-08-02'", "error"},
		{"visit.timespan.end > T'2026-08-02/tai'", "visit.timespan.end > time(1785628800000000000)"},
		{"- seq_num * 2 + 1 = -5", "((-visit.seq_num * 2) + 1) = -5"},
		{"GLOB(target_name, 'a*')", "GLOB(visit.target_name, 'a*')"},
		{"run = 'x' AND catalog.dataset_id != NULL", "(catalog.run = 'x' AND NOT catalog.dataset_id = NULL)"},
		{"visit.timespan OVERLAPS (NULL, T'1970-01-02/tai')", "visit.timespan OVERLAPS timespan(0, 86400000000000)"},
		{"visit.timespan OVERLAPS (T'2026-01-02', T'2026-01-01')", "visit.timespan OVERLAPS timespan(4102444800000000000, 0)"},
	} {
		e, err := Parse(x.where)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Bind(e, c)
		got := "<nil>"
		if p != nil {
			got = p.String()
		}
		if err != nil {
			got = "error"
		}
		if got != x.want {
			t.Errorf("%s becomes %s (%v), want %s", x.where, got, err, x.want)
		}
	}
}

func TestMentionsAndEqualities(t *testing.T) {
	u := readUniverse(t)
	e, err := Parse("instrument = 'A' AND 'B' = instrument AND visit IN (20..20) AND (detector = 3 OR band = 'g') AND exposure.seq_num > 3" +
		" AND visit.region OVERLAPS tract.region AND NOT visit.timespan OVERLAPS exposure.timespan.begin AND diff.run = 'x'")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Bind(e, Context{Universe: u, Dimensions: u.MustGroup("visit")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range Equalities(p) {
		got = append(got, q.Dimension.Name+"="+q.Value.String())
	}
	if s := strings.Join(got, " "); s != "instrument='A' instrument='B' visit=20" {
		t.Errorf("equalities are %s", s)
	}
	m := Mentions(p)
	if g := m.Dimensions(u).String(); g != "{band, instrument, skymap, day_obs, detector, group, physical_filter, tract, exposure, visit}" {
		t.Errorf("dimensions are %s", g)
	}
	if len(m.Spatial) != 1 || len(m.Temporal) != 0 || len(m.Nested) != 1 || len(m.Datasets) != 1 || len(m.Governors) != 1 {
		t.Errorf("mentions are %+v", m)
	}
}

func TestTimeOf(t *testing.T) {
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Date(2026, 8, 2, 10, 0, 0, 5, time.UTC), "2026-08-02T10:00:00.000000005"},
		{time.Date(2016, 12, 31, 23, 59, 59, 0, time.UTC), "2016-12-31T23:59:59"},
		{time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC), "1950-01-01"},
	} {
		want, err := ParseTime(c.want)
		if err != nil || TimeOf(c.at) != want {
			t.Errorf("%v is %d, want %d (%v)", c.at, TimeOf(c.at), want, err)
		}
	}
}

func TestBindOrderGolden(t *testing.T) {
	u := readUniverse(t)
	for _, c := range readGolden(t) {
		if c.Kind != "data_ids" || len(c.Args.OrderBy) == 0 {
			continue
		}
		own := expected(c.errorClass())
		for _, beginning := range planned {
			if strings.HasPrefix(c.Error, beginning) {
				own = ""
			}
		}
		g, err := u.Group(c.Args.Dimensions...)
		if err != nil {
			continue
		}
		var failed error
		for _, term := range c.Args.OrderBy {
			if _, err := BindOrder(term, Context{Universe: u, Dimensions: g}); err != nil {
				failed = err
			}
		}
		if class(failed) != own {
			t.Errorf("%s: order by %q gives %v, want %s", c.ID, c.Args.OrderBy, failed, c.Error)
		}
	}
}

func FuzzBind(f *testing.F) {
	u := readUniverse(f)
	for _, c := range readGolden(f) {
		f.Add(c.Args.Where)
	}
	c := Context{Universe: u, Dimensions: u.MustGroup("visit", "detector"), Datasets: []string{"catalog"}, Binds: Binds{"x": 3, "v": []int{1, 2}, "r": "CIRCLE 1 2 3"}}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := understand(text, c, nil, nil)
		if err != nil {
			class(err)
			checkMessage(t, err)
			return
		}
		if p != nil {
			_ = p.String()
		}
	})
}

func BenchmarkParseAndBind(b *testing.B) {
	u := readUniverse(b)
	c := Context{Universe: u, Dimensions: u.MustGroup("visit", "detector")}
	var long bytes.Buffer
	long.WriteString("instrument = 'TestCam' AND visit IN (")
	for i := range 1000 {
		long.WriteString(strconv.Itoa(i))
		long.WriteString(", ")
	}
	long.WriteString("5) AND visit.exposure_time > 30 AND NOT (band = 'g' OR detector IN (1..10:3))")
	for _, x := range []struct{ name, where string }{
		{"short", "instrument = 'TestCam' AND visit > 42 AND band IN ('g', 'r') AND visit.timespan.begin > T'2026-08-02'"}, {"long", long.String()},
	} {
		b.Run(x.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := understand(x.where, c, nil, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
