package figure

import "valet/cmd/internal/plot"

func (m *maker) heatMap() (*plot.Figure, error) {
	across := ""
	for _, name := range sequences {
		if name != "detector" && m.group.Has(name) {
			across = name
			break
		}
	}
	down := "detector"
	if !m.group.Has(down) {
		for _, name := range []string{"patch", "band", "physical_filter", "day_obs"} {
			if m.group.Has(name) && name != across {
				down = name
				break
			}
		}
	}
	if across == "" || !m.group.Has(down) {
		return nil, m.noDimension(HeatMap, "two dimensions, such as visit and detector,")
	}
	cells := &plot.Cells{ColumnLabel: across, RowLabel: down}
	columns, names := m.positions(across)
	cells.Columns = names
	rows := map[detectorKey]int{}
	key := func(i int) detectorKey { return detectorKey{detector: m.sources[0].Set.Dimension(i, down)} }
	if down == "detector" {
		keys, _, names, err := m.detectors()
		if err != nil {
			return nil, err
		}
		for i, k := range keys {
			rows[k] = i
		}
		cells.Rows = names
		key = func(i int) detectorKey {
			return detectorKey{m.sources[0].Set.Dimension(i, "instrument"), m.sources[0].Set.Dimension(i, down)}
		}
	} else {
		at, names := m.positions(down)
		for v, i := range at {
			rows[detectorKey{detector: v}] = i
		}
		cells.Rows = names
	}
	for i, v := range m.columns[0].Values {
		x, ok := columns[m.sources[0].Set.Dimension(i, across)]
		y, also := rows[key(i)]
		if ok && also {
			cells.X, cells.Y, cells.Values = append(cells.X, int32(x)), append(cells.Y, int32(y)), append(cells.Values, v)
		}
	}
	return plot.HeatMap(m.title, m.quantity, cells), nil
}
