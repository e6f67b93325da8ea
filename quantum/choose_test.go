package quantum

import (
	"testing"

	"pgregory.net/rapid"

	"valet/registry/dimension"
)

// What is chosen runs, with what reads its outputs and did not succeed; nothing runs on the output of what was left out.
func TestChoose(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s, o := again(t)
		group := s.groups["memory_metadata"]
		// 0: never ran, 1: left a log, 2: succeeded.
		state := map[string]map[string]int{"memory": {}, "aboutmemory": {}}
		kept := map[string]map[string]bool{"memory": {}, "aboutmemory": {}}
		near := map[string][]dimension.DataID{}
		for _, v := range s.join {
			id := v.cut(group, nil)
			for _, label := range []string{"memory", "aboutmemory"} {
				n := rapid.IntRange(0, 2).Draw(r, label)
				if n > 0 {
					s.put(label+"_log", "out", v)
				}
				if n == 2 {
					s.put(label+"_metadata", "out", v)
				}
				state[label][id.Key()] = n
				if rapid.Bool().Draw(r, "keep") {
					kept[label][id.Key()] = true
					near[label] = append(near[label], id)
				}
			}
		}
		all := rapid.Bool().Draw(r, "again")
		o.Clobber = true
		o.Choice = &Choice{Again: all, Keep: func(label string, id dimension.DataID) bool { return kept[label][id.Key()] }}
		g, err := s.build(t, yaml(memoryTask, readerTask), o)
		if err != nil {
			r.Fatal(err)
		}
		want := map[string]map[string]bool{"memory": {}, "aboutmemory": {}}
		for key, n := range state["memory"] {
			want["memory"][key] = kept["memory"][key] && (n < 2 || all)
			reader := state["aboutmemory"][key]
			runs := kept["aboutmemory"][key] && (reader < 2 || all) || want["memory"][key] && reader < 2
			want["aboutmemory"][key] = runs && (n == 2 || want["memory"][key])
		}
		for label, list := range want {
			got := map[string]bool{}
			for _, q := range g.All() {
				if q.Task.Label != label {
					continue
				}
				for i, s := range q.States {
					id := q.DataID(i)
					if s == Planned {
						got[id.Key()] = true
					}
					if inTheWay := len(q.InTheWay[i]); s == Planned && inTheWay != state[label][id.Key()] {
						r.Fatalf("%s %s: %d outputs in the way, %d found", label, id, state[label][id.Key()], inTheWay)
					}
					for c := range q.Inputs {
						if p, row := q.Inputs[c].Producer, q.Inputs[c].Rows[i]; p != nil && s == Planned && p.DataID(int(row)).Compare(id) != 0 {
							r.Fatalf("%s reads %s", id, p.DataID(int(row)))
						}
					}
				}
			}
			for key, runs := range list {
				if got[key] != runs {
					r.Fatalf("%s %q: runs %t, want %t", label, key, got[key], runs)
				}
			}
		}
		// A restricted search finds the same.
		o.Choice.Near = near
		s.where = func(v values) bool {
			id := v.cut(group, nil)
			for _, list := range near {
				for _, n := range list {
					if n.Compare(id) == 0 {
						return true
					}
				}
			}
			return false
		}
		few, err := s.build(t, yaml(memoryTask, readerTask), o)
		if err != nil || few.Len() != g.Len() {
			r.Fatalf("%d quanta near, %d in all (%v)", few.Len(), g.Len(), err)
		}
	})
}

func TestNear(t *testing.T) {
	u := universe(t)
	visit, exposure := u.MustGroup("visit", "detector"), u.MustGroup("exposure", "detector")
	id := func(g *dimension.Group, instrument string, detector, at int64) dimension.DataID {
		return dimension.NewDataID(g, []dimension.Value{dimension.StringValue(instrument), dimension.IntValue(detector), dimension.IntValue(at)})
	}
	var many []dimension.DataID
	for i := range int64(fewValues + 1) {
		many = append(many, id(visit, "A", -i%2, i))
	}
	for _, c := range []struct {
		name string
		ids  []dimension.DataID
		want string
	}{
		{"none", nil, ""},
		{"one", []dimension.DataID{id(visit, "A", 3, 42)}, "instrument = 'A' AND detector = 3 AND visit = 42"},
		{"several", []dimension.DataID{id(visit, "A", 3, 42), id(visit, "A", -1, 41)}, "instrument = 'A' AND detector IN (-1, 3) AND visit IN (41, 42)"},
		{"a negative number", []dimension.DataID{id(visit, "A", -3, 42)}, "instrument = 'A' AND detector IN (-3) AND visit = 42"},
		{"other dimensions", []dimension.DataID{id(visit, "A", 3, 42), id(exposure, "A", 3, 7)}, "instrument = 'A' AND detector = 3"},
		{"two instruments", []dimension.DataID{id(visit, "A", 3, 42), id(visit, "B", 3, 42)}, ""},
		{"a quote", []dimension.DataID{id(visit, "A'", 3, 42)}, ""},
		{"many", many, "instrument = 'A' AND detector IN (-1, 0)"},
	} {
		got := ""
		if e := near(c.ids); e != nil {
			got = e.String()
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Few quanta cost few rows, however many there are: every search names their values, and tasks without any are not looked at.
func TestChooseSearchesNearOnly(t *testing.T) {
	s, o := again(t)
	for _, v := range s.join {
		s.put("memory_log", "out", v)
	}
	id := s.join[3].cut(s.groups["memory_metadata"], nil)
	o.Clobber = true
	o.Choice = &Choice{Near: map[string][]dimension.DataID{"memory": {id}}, Keep: func(_ string, at dimension.DataID) bool { return at.Compare(id) == 0 }}
	s.where = func(v values) bool { return v.cut(s.groups["memory_metadata"], nil).Compare(id) == 0 }
	g, err := s.build(t, yaml(memoryTask, isrTask), o)
	if err != nil || g.Len() != 1 || len(g.All()) != 1 {
		t.Fatalf("%+v %v", g, err)
	}
	if len(s.searches) == 0 {
		t.Error("nothing was searched")
	}
	for _, q := range s.searches {
		if q.Where == nil {
			t.Errorf("a search for %v is not restricted", q.Types)
		}
	}
}
