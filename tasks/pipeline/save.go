package pipeline

import (
	"cmp"
	"slices"

	"valet/tasks"
)

// AppendYAML appends the pipeline as -s saves it: imports flattened, config entries and subsets as lists, contracts sorted. Steps are
// not written, as upstream has it. Loading the text gives the same pipeline again, but for steps and places.
func (p *Pipeline) AppendYAML(dst []byte) []byte {
	dst = append(dst, "description: "...)
	dst = appendText(dst, p.Description, 0)
	dst = append(dst, '\n')
	if p.Instrument != "" {
		dst = appendField(dst, 0, "instrument", p.Instrument)
	}
	if p.parameters.len() > 0 {
		dst = append(dst, "parameters:\n"...)
		for _, v := range p.Parameters() {
			dst = appendField(dst, 1, v.Name, v.Value)
		}
	}
	dst = p.appendTasks(dst)
	if len(p.Contracts) > 0 {
		dst = append(dst, "contracts:\n"...)
		sorted := slices.SortedStableFunc(slices.Values(p.Contracts), func(a, b Contract) int { return cmp.Compare(a.Expression, b.Expression) })
		for _, c := range sorted {
			dst = append(dst, "- contract: "...)
			dst = append(appendText(dst, c.Expression, 1), '\n')
			if c.Message != "" {
				dst = appendField(dst, 1, "msg", c.Message)
			}
		}
	}
	if p.subsets.len() > 0 {
		dst = append(dst, "subsets:\n"...)
		for _, s := range p.Subsets() {
			dst = append(appendKey(dst, 1, s.Name), '\n')
			labels := make([]tasks.Value, len(s.Labels))
			for i, label := range s.Labels {
				labels[i] = label
			}
			dst = appendField(dst, 2, "subset", labels)
			if s.Description != "" {
				dst = appendField(dst, 2, "description", s.Description)
			}
		}
	}
	return dst
}

func (p *Pipeline) appendTasks(dst []byte) []byte {
	if p.tasks.len() == 0 {
		return append(dst, "tasks: {}\n"...)
	}
	dst = append(dst, "tasks:\n"...)
	for _, t := range p.Tasks() {
		dst = append(appendKey(dst, 1, t.Label), '\n')
		dst = appendField(dst, 2, "class", t.Class)
		if len(t.Entries) == 0 {
			continue
		}
		dst = append(dst, "    config:\n"...)
		for i := range t.Entries {
			dst = t.Entries[i].append(dst)
		}
	}
	return dst
}

// append writes an entry as an item of the list config, which is not indented below its key.
func (e *Entry) append(dst []byte) []byte {
	start := len(dst)
	const indent = 3
	if e.Python != "" {
		dst = appendField(dst, indent, "python", e.Python)
	}
	if e.DataID {
		dst = appendField(dst, indent, "dataId", &tasks.Mapping{})
	}
	if len(e.Files) > 0 {
		files := make([]tasks.Value, len(e.Files))
		for i, f := range e.Files {
			files[i] = f.Path
		}
		dst = appendField(dst, indent, "file", files)
	}
	for _, pair := range e.Pairs {
		dst = appendField(dst, indent, pair.Field, pair.Value)
	}
	if len(dst) == start {
		return append(dst, "    - {}\n"...)
	}
	// The dash stands in the indentation of the first line.
	dst[start+4] = '-'
	return dst
}
