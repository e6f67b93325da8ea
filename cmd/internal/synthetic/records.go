package synthetic

import (
	"database/sql/driver"
	"fmt"
	"time"

	"valet/registry"
	"valet/registry/dimension"
)

// perDay is how many visits a day has.
const perDay = 400

// filters are the physical filters and their bands; visits have them in turn.
var filters = [...]struct{ name, band string }{{"g_03", "g"}, {"r_03", "r"}, {"i_03", "i"}}

// firstDay is the first day of observation.
var firstDay = time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)

// days is the number of days of observation.
func days(visits int) int { return (visits + perDay - 1) / perDay }

// dayOf is the day of observation of visit i as YYYYMMDD.
func dayOf(i int) int64 {
	t := firstDay.AddDate(0, 0, i/perDay)
	return int64(t.Year()*10000 + int(t.Month())*100 + t.Day())
}

// VisitID is the ID of visit i, which is also that of its exposure.
func VisitID(i int) int64 { return dayOf(i)*100000 + int64(i%perDay) }

// DetectorName is the full name of detector i.
func DetectorName(i int) string { return fmt.Sprintf("R%02d_S%02d", i/9, i%9) }

// visitTimes are the begin and end of visit i in TAI nanoseconds.
func visitTimes(i int) (begin, end int64) {
	begin = dimension.TAI(firstDay.AddDate(0, 0, i/perDay).Add(time.Duration(i%perDay) * 40 * time.Second))
	return begin, begin + int64(30*time.Second)
}

// insertRecords inserts the dimension records. They go past the registry's checks, as they are of the example's universe for
// certain and a registry that is being filled has no other users.
func insertRecords(tx *registry.Tx, o Options) error {
	if err := tx.Exec("INSERT INTO instrument (name, visit_max, visit_system, exposure_max, detector_max, class_name) VALUES (?, ?, 0, ?, ?, 'lsst.obs.test.TestCam')",
		Instrument, VisitID(o.Visits), VisitID(o.Visits), o.Detectors); err != nil {
		return err
	}
	if err := tx.Exec("INSERT INTO visit_system (instrument, id, name) VALUES (?, 0, 'one-to-one')", Instrument); err != nil {
		return err
	}
	instrument := driver.Value(Instrument)
	for _, table := range []struct {
		head string
		rows int
		row  func(i int) []driver.Value
	}{
		{"physical_filter (instrument, name, band)", len(filters), func(i int) []driver.Value {
			return []driver.Value{instrument, filters[i].name, filters[i].band}
		}},
		{"detector (instrument, id, full_name, name_in_raft, raft, purpose)", o.Detectors, func(i int) []driver.Value {
			name := DetectorName(i)
			return []driver.Value{instrument, int64(i), name, name[len(name)-3:], name[:len(name)-4], "SCIENCE"}
		}},
		{"day_obs (instrument, id)", days(o.Visits), func(i int) []driver.Value {
			return []driver.Value{instrument, dayOf(i * perDay)}
		}},
		{`"group" (instrument, name)`, o.Visits, func(i int) []driver.Value {
			return []driver.Value{instrument, fmt.Sprint("g", i)}
		}},
		{`exposure (instrument, id, day_obs, "group", physical_filter, obs_id, exposure_time, dark_time, observation_type, observation_reason, seq_num, target_name, science_program, timespan_begin, timespan_end)`, o.Visits, func(i int) []driver.Value {
			begin, end := visitTimes(i)
			return []driver.Value{instrument, VisitID(i), dayOf(i), fmt.Sprint("g", i), filters[i%len(filters)].name, fmt.Sprint("obs", i), 30.0, 30.5,
				"science", "science", int64(i % perDay), fmt.Sprint("field", i%1000), "survey", begin, end}
		}},
		{"visit (instrument, id, day_obs, physical_filter, name, seq_num, exposure_time, target_name, observation_reason, science_program, azimuth, zenith_angle, timespan_begin, timespan_end)", o.Visits, func(i int) []driver.Value {
			begin, end := visitTimes(i)
			return []driver.Value{instrument, VisitID(i), dayOf(i), filters[i%len(filters)].name, fmt.Sprint("visit", i), int64(i % perDay), 30.0,
				fmt.Sprint("field", i%1000), "science", "survey", float64(i % 360), float64(i % 70), begin, end}
		}},
		{"visit_definition (instrument, exposure, visit)", o.Visits, func(i int) []driver.Value {
			return []driver.Value{instrument, VisitID(i), VisitID(i)}
		}},
		{"visit_system_membership (instrument, visit_system, visit)", o.Visits, func(i int) []driver.Value {
			return []driver.Value{instrument, int64(0), VisitID(i)}
		}},
	} {
		columns := len(table.row(0))
		err := tx.InsertRows("INSERT INTO "+table.head+" VALUES ", columns, table.rows, func(i int, row []driver.NamedValue) {
			for k, v := range table.row(i) {
				row[k].Value = v
			}
		})
		if err != nil {
			return fmt.Errorf("insert into %s: %w", table.head, err)
		}
	}
	return nil
}
