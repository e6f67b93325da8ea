package cli

import (
	"context"
	"fmt"

	"valet/cmd/internal/ui"
	"valet/registry/dimension"
	"valet/tasks/verify"
)

// usageColumns are the columns of a row per quantum, with the dimensions of a group.
func usageColumns(g *dimension.Group) []ui.Column {
	columns := []ui.Column{{Name: "task", Kind: ui.Text, Left: true}, ui.DataIDColumn("dataId", g)}
	for _, name := range verify.UsageColumns {
		columns = append(columns, ui.Column{Name: name, Kind: ui.Float})
	}
	return append(columns, ui.Column{Name: "cpu_time", Kind: ui.Float}, ui.Column{Name: "start", Kind: ui.Time, Left: true},
		ui.Column{Name: "node", Kind: ui.Text, Left: true})
}

// summaryColumns are the columns of a row per task.
func summaryColumns() []ui.Column {
	names := verify.SummaryColumns()
	columns := []ui.Column{{Name: "task", Kind: ui.Text, Left: true}, {Name: names[0], Kind: ui.Int}}
	for _, name := range names[1:] {
		columns = append(columns, ui.Column{Name: name, Kind: ui.Float})
	}
	return columns
}

// rows writes a row per quantum.
func (s *usageScan) rows(ctx context.Context, rows ui.Rows, unreadable func(*quantumUsage)) error {
	columns := s.dimensions.Dimensions()
	dataID := make([]ui.Cell, len(columns))
	var cells []ui.Cell
	for _, t := range s.types {
		task := ui.TextCell(taskOf(t))
		err := s.each(ctx, t, unreadable, func(q *quantumUsage) error {
			for i, e := range columns {
				dataID[i] = ui.Absent
				if t.Dimensions.Has(e.Name) {
					dataID[i] = ui.ValueCell(q.dataID.Get(e.Name))
				}
			}
			u := &q.usage
			cells = append(cells[:0], task, ui.ObjectCell(dataID...))
			for _, v := range u.Values() {
				cells = append(cells, ui.FloatCell(v))
			}
			start, node := ui.Null, ui.Null
			if !u.Start.IsZero() {
				start = ui.TimeCell(u.Start)
			}
			if u.Node != "" {
				node = ui.TextCell(u.Node)
			}
			return rows.Row(append(cells, ui.FloatCell(u.PrepTime+u.InitTime+u.RunTime), start, node)...)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	return nil
}

// summaries writes a row per task.
func (s *usageScan) summaries(ctx context.Context, rows ui.Rows, unreadable func(*quantumUsage)) error {
	for _, t := range s.types {
		var list []verify.Usage
		err := s.each(ctx, t, unreadable, func(q *quantumUsage) error {
			list = append(list, q.usage)
			return nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
		if len(list) == 0 {
			continue
		}
		for _, summary := range verify.Summarize(map[string][]verify.Usage{taskOf(t): list}) {
			cells := []ui.Cell{ui.TextCell(summary.Task), ui.IntCell(int64(summary.Quanta))}
			for _, v := range summary.Values()[1:] {
				cells = append(cells, ui.FloatCell(v))
			}
			if err := rows.Row(cells...); err != nil {
				return err
			}
		}
	}
	return nil
}
