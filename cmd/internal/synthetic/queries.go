package synthetic

import (
	"fmt"

	"valet/registry"
	"valet/registry/dimension"
	"valet/registry/query"
)

// Question is a query of a kind that users ask often, with the number of its rows.
type Question struct {
	// Name says what is asked.
	Name  string
	Query registry.Query
	// Rows is the number of rows of the answer.
	Rows int
	// Streams tells that the answer is as large as the repository: its rows per second count, not its time.
	Streams bool
}

// Questions are the questions that are measured. Those that do not stream are about a day in the middle and, as far as the
// repository has so many, 1000 rows large.
func Questions(u *dimension.Universe, o Options) ([]Question, error) {
	pair, err := u.Group("visit", "detector")
	if err != nil {
		return nil, err
	}
	visit, err := u.Group("visit")
	if err != nil {
		return nil, err
	}
	first := o.Visits / 2 / perDay * perDay
	oneDay := min(perDay, o.Visits-first)
	wide := min(max(1000/o.Detectors, 1), oneDay) // visits whose detectors are 1000
	few := min(max(1000/oneDay, 1), o.Detectors)
	inRange := fmt.Sprintf("instrument = '%s' AND visit IN (%d..%d)", Instrument, VisitID(first), VisitID(first+wide-1))
	inBand := 0
	for i := first; i < first+wide; i++ {
		if filters[i%len(filters)].band == "r" {
			inBand++
		}
	}
	found := []registry.DatasetSearch{{Type: DatasetType, Collections: []string{Chain}}}
	every := []registry.DatasetSearch{{Type: DatasetType, Collections: []string{Chain}, All: true}}
	exists := []registry.DatasetSearch{{Type: DatasetType, Collections: []string{Chain}, Restrict: true}}
	all := fmt.Sprintf("instrument = '%s'", Instrument)
	n := o.Visits * o.Detectors
	var out []Question
	for _, q := range []struct {
		name    string
		rows    int
		streams bool
		where   string
		query   registry.Query
	}{
		{"data IDs of a range of visits", wide * o.Detectors, false, inRange, registry.Query{Dimensions: pair}},
		{"data IDs of a range of visits, sorted", wide * o.Detectors, false, inRange, registry.Query{Dimensions: pair, Sorted: true}},
		{"data IDs of a range of visits with datasets", wide * o.Detectors, false, inRange, registry.Query{Dimensions: pair, Datasets: exists}},
		{"data IDs of one day", oneDay * few, false, fmt.Sprintf("%s AND day_obs = %d AND detector < %d", all, dayOf(first), few), registry.Query{Dimensions: pair}},
		{"data IDs of one day with datasets", oneDay * few, false, fmt.Sprintf("%s AND day_obs = %d AND detector < %d", all, dayOf(first), few), registry.Query{Dimensions: pair, Datasets: exists}},
		{"data IDs of one band with datasets", inBand * o.Detectors, false, inRange + " AND band = 'r'", registry.Query{Dimensions: pair, Datasets: exists}},
		{"visits with datasets, first 1000", min(1000, o.Visits), false, all, registry.Query{Dimensions: visit, Datasets: exists, Limit: 1000}},
		{"datasets of a visit", o.Detectors, false, fmt.Sprintf("%s AND visit = %d", all, VisitID(first)), registry.Query{Dimensions: pair, Datasets: every}},
		{"first datasets of a range of visits", wide * o.Detectors, false, inRange, registry.Query{Dimensions: pair, Datasets: found}},
		{"all datasets of a range of visits", wide * o.Detectors, false, inRange, registry.Query{Dimensions: pair, Datasets: every, Sorted: true}},
		{"all data IDs", n, true, all, registry.Query{Dimensions: pair}},
		{"all data IDs with datasets", n, true, all, registry.Query{Dimensions: pair, Datasets: exists}},
		{"all datasets", n, true, all, registry.Query{Dimensions: pair, Datasets: every}},
		{"all first datasets", n, true, all, registry.Query{Dimensions: pair, Datasets: found}},
	} {
		if q.query.Where, err = query.Parse(q.where); err != nil {
			return nil, err
		}
		out = append(out, Question{Name: q.name, Query: q.query, Rows: q.rows, Streams: q.streams})
	}
	return out, nil
}
