package quantum

// rerunUnretained lets quanta run again that succeeded before, but whose output a quantum that is to run needs and nobody kept
// (pipelines.md 4.4). Tasks come in topological order.
func (b *builder) rerunUnretained() error {
	kept := b.opts.Retained
	if kept == nil {
		return nil
	}
	if len(b.opts.Collections.SkipIn) == 0 {
		return &CollectionError{"ValueError", "--retained-dataset-types has no effect without collections in which succeeded quanta are looked for",
			"add --skip-existing-in, or --extend-run"}
	}
	again := 0
	for t := len(b.graph.Tasks) - 1; t >= 0; t-- {
		q := b.graph.Tasks[t]
		for c := range q.Inputs {
			in := &q.Inputs[c]
			if in.Producer == nil || kept[in.Edge.Type.Name] {
				continue
			}
			for i, row := range in.Rows {
				if q.States[i] == Planned && row >= 0 && in.Producer.States[row] == Skipped {
					in.Producer.States[row] = Planned
					again++
				}
			}
		}
	}
	switch again {
	case 0:
	case 1:
		b.note("", false, "Forcing 1 quantum to rerun (output not retained).")
	default:
		b.note("", false, "Forcing %d quanta to rerun (output not retained).", again)
	}
	return nil
}
