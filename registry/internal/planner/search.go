package planner

import (
	"context"
	"slices"
	"strconv"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
	"valet/registry/query"
)

// resolve drops collections that cannot match (queries.md 7.1).
func (b *builder) resolve(ctx context.Context, s *Search) error {
	var err error
	if s.Collections, err = b.catalog.WithType(ctx, s.Type, s.Collections); err != nil {
		return err
	}
	s.valid = s.isCalibration()
	for _, g := range s.Type.Dimensions.Required {
		if v, ok := b.constants[g.Name]; ok && g.Governor {
			if s.Collections, err = b.catalog.WithGovernor(ctx, g, []dimension.Value{v}, s.Collections); err != nil {
				return err
			}
		}
	}
	return nil
}

// search is a Search placed in the statement.
type search struct {
	alias string
	// late says that the first match is chosen after the whole condition was applied, because the condition looks at the
	// datasets themselves or matches must be counted (queries.md 7.3). counted says the latter.
	late, counted bool
	// hasFields says that more of the search is needed than its dimensions: then each of its rows counts.
	hasFields bool
	// id, collection, run, ingest, begin and end are expressions; those that are not needed are empty, and begin and end also if
	// the validity is unbounded.
	id, collection, run, ingest, begin, end string
}

// needs are the columns of a search that the rest of the statement refers to.
type needs struct{ id, run, ingest, collection, timespan bool }

func (n *needs) any() bool { return *n != needs{} }

func (b *builder) needsOf(i int) (n needs, mentioned bool) {
	s := &b.query.Searches[i]
	n.id = !s.Restrict
	for k, list := range [][]*query.DatasetField{b.mentioned.Datasets, b.orderedBy, b.shown} {
		for _, f := range list {
			if f.DatasetType != s.Type.Name {
				continue
			}
			mentioned = mentioned || k == 0
			switch f.Name {
			case "run":
				n.run = true
			case "ingest_date":
				n.ingest = true
			case "collection":
				n.collection = true
			case "dataset_id":
				n.id = true
			case "timespan":
				// As upstream has it, the collections of what is always valid still count where duplicates are removed.
				n.collection = n.collection || k == 2 && len(s.Collections) > 1
			}
		}
	}
	n.timespan = b.isTimed(s.Type.Name)
	if s.isFirst(b) && len(s.Collections) > 1 {
		n.collection = true
	}
	if !s.Restrict {
		if onlyRuns := !slices.ContainsFunc(s.Collections, func(c *catalog.Collection) bool { return c.Kind != dataset.Run }); !onlyRuns {
			n.run = true
		} else if len(s.Collections) > 1 {
			n.collection = true
		}
	}
	return n, mentioned
}

// isFirst reports whether only the first match of a search counts: it comes back, or columns show it.
func (s *Search) isFirst(b *builder) bool {
	return !s.All && (!s.Restrict || slices.ContainsFunc(b.shown, func(f *query.DatasetField) bool { return f.DatasetType == s.Type.Name }))
}

// addSearch joins the tables of a search.
func (b *builder) addSearch(i int) error {
	s := &b.query.Searches[i]
	q := b.quote
	alias := "s" + strconv.Itoa(i)
	id := alias + ".dataset_id"
	placed := &search{alias: alias, id: id, collection: alias + "." + q(b.catalog.Layout.CollectionRef)}
	b.searches = append(b.searches, placed)
	n, mentioned := b.needsOf(i)
	tags, calibs := s.split()
	placed.hasFields = n.any()
	if first := s.isFirst(b); first && len(calibs) > 0 {
		placed.late, placed.counted = true, true
	} else if first && len(s.Collections) > 1 {
		placed.late = mentioned
	}
	var src *source
	switch {
	case len(calibs) > 0 && len(tags) > 0, !placed.hasFields && len(s.Collections) > 1 && !b.isFlat() && !b.isOnce(i):
		table, err := b.searchRows(s, n, tags, calibs)
		if err != nil {
			return err
		}
		src = b.add(alias, table)
		if !n.id {
			id = "" // the subquery has all that is needed
			placed.run, placed.ingest = alias+".run", alias+".ingest_date"
		}
		placed.begin, placed.end = alias+".valid_from", alias+".valid_to"
	case len(calibs) > 0:
		src = b.add(alias, dialect.SQL(q(s.Type.Calibs)))
		src.on(new(dialect.Text).Write(alias, ".dataset_type_id = ").Arg(s.Type.ID))
		src.on(keyIn(placed.collection, calibs))
		d := b.catalog.Conn().Dialect()
		placed.begin, placed.end = d.TimespanBegin(alias), d.TimespanEnd(alias)
	default:
		src = b.add(alias, dialect.SQL(q(s.Type.Tags)))
		src.on(new(dialect.Text).Write(alias, ".dataset_type_id = ").Arg(s.Type.ID))
		src.on(keyIn(placed.collection, tags))
		// The test whether an earlier collection has a dataset wants the order of the dimensions.
		src.whole = n.id && !(s.isFirst(b) && len(s.Collections) > 1) && b.isUnrestricted()
	}
	if !n.timespan {
		placed.begin, placed.end = "", ""
	}
	for _, d := range s.Type.Dimensions.Required {
		b.provide(src, d, alias+"."+q(d.Name))
	}
	if s.isFirst(b) && len(s.Collections) > 1 && !placed.late || b.isOnce(i) {
		b.where = append(b.where, b.noEarlier(alias, s))
	}
	if len(calibs) == 0 {
		if err := b.reachKeys(src, s, alias); err != nil {
			return err
		}
	}
	if (n.run || n.ingest) && id != "" {
		d := b.add("d"+strconv.Itoa(i), dialect.SQL("dataset"))
		d.on(dialect.SQL(d.alias, ".id = ", id))
		placed.ingest, placed.run = d.alias+".ingest_date", d.alias+"."+b.catalog.Layout.RunRef
		if n.run && !b.catalog.Layout.NameKeys {
			r := b.add("r"+strconv.Itoa(i), dialect.SQL("collection"))
			r.on(dialect.SQL(r.alias, ".", b.catalog.Layout.CollectionKey, " = ", placed.run))
			placed.run = r.alias + ".name"
		}
	}
	if !n.run {
		placed.run = ""
	}
	if s.RecordTable != "" && !s.Restrict {
		r := b.add("f"+strconv.Itoa(i), dialect.SQL(q(s.RecordTable)))
		r.left = true
		r.on(dialect.SQL(r.alias, ".dataset_id = ", placed.id))
		r.on(new(dialect.Text).Write(r.alias, ".component = ").Arg(dataset.WholeDataset))
	}
	return nil
}

// isUnrestricted reports whether the condition names nothing that few rows have, and no order is asked for. Datasets are then read as
// they lie in their table, by its index (collection, dataset type): that of the dimensions would lead to a page of its own for each.
func (b *builder) isUnrestricted() bool {
	for name := range b.constants {
		if d := b.catalog.Universe.Dimension(name); d == nil || !d.Governor {
			return false
		}
	}
	return len(b.isIn)+len(b.equal)+len(b.overlaps)+len(b.literals)+len(b.query.Order) == 0 && !b.query.Sorted
}

// isFlat reports whether a search of which nothing but its dimensions is needed may be joined as it is, with a row for each
// collection, because duplicates of the result are removed and no rows are counted.
func (b *builder) isFlat() bool {
	return len(b.query.Dimensions.Required) > 0 && b.wider && !b.isCounted()
}

// isOnce reports whether a search of which nothing but its dimensions is needed gives each data ID once because rows are left out
// that an earlier collection has. Unlike removing duplicates that takes no memory.
func (b *builder) isOnce(i int) bool {
	s := &b.query.Searches[i]
	n, _ := b.needsOf(i)
	return !b.wider && s.Restrict && len(s.Collections) > 1 && !n.any() && !s.isCalibration() && !b.isCounted()
}

// reachKeys lets the unique index (type, collection, dimensions) lead to a given key behind one that is not, if that one is a small
// table like that of detectors: the datasets of a visit are then a lookup for each detector. It leaves out nothing, because the
// keys of datasets are in those tables.
func (b *builder) reachKeys(src *source, s *Search, alias string) error {
	required := s.Type.Dimensions.Required
	last := -1
	for i, d := range required {
		if b.isSelective(d) {
			last = i
		}
	}
	for _, d := range required[:max(last, 0)] {
		if b.isGiven(d) || d.Governor || !d.Cached || !d.HasTable() {
			continue
		}
		t := dialect.SQL(alias, ".", b.quote(d.Name), " IN (SELECT ", b.quote(d.Keys[0].Name), " FROM ", b.quote(d.Name))
		columns := map[string]string{d.Name: b.quote(d.Keys[0].Name)}
		for _, r := range d.Required[:len(d.Required)-1] {
			columns[r.Name] = b.quote(r.Name)
		}
		pushed, err := b.pushed(columns)
		if err != nil {
			return err
		}
		if len(pushed) > 0 {
			t.Write(" WHERE ").Join(" AND ", pushed)
		}
		src.on(t.Write(")"))
	}
	return nil
}

// isSelective reports whether the condition leaves few values of a dimension: by its key, an alternate key, or a dimension that it
// implies and that is not one of few.
func (b *builder) isSelective(d *dimension.Element) bool {
	return !d.Governor && !d.Cached && (b.isGiven(d) || slices.ContainsFunc(d.Implied, func(x *dimension.Element) bool { return !x.Cached && b.isGiven(x) }) ||
		slices.ContainsFunc(b.equal, func(f *query.Field) bool { return f.Element == d }))
}

// isCounted reports whether the matches of a search are counted.
func (b *builder) isCounted() bool {
	return slices.ContainsFunc(b.query.Searches, func(s Search) bool { return s.isFirst(b) && s.isCalibration() })
}
