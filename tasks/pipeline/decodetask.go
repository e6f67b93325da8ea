package pipeline

import (
	"go.yaml.in/yaml/v3"
)

// reserved is the label that would hide the parameters.
const reserved = "parameters"

// tasks reads the tasks section (pipelines.md 1.3). Null has no tasks.
func (d *decoder) tasks(n *yaml.Node) error {
	if n = follow(n); isNull(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return d.fault(n, "AttributeError", "tasks must be a mapping of labels to tasks, this is %s", kindOf(n))
	}
	entries, err := d.mapping(n)
	if err != nil {
		return err
	}
	for _, e := range entries {
		label, err := d.key(e, "task label")
		if err != nil {
			return err
		}
		if err := checkReserved(label, d.pos(e.at)); err != nil {
			return err
		}
		t := &Task{Label: label, Pos: d.pos(e.at)}
		if err := d.task(t, e.value); err != nil {
			return inTask(err, label)
		}
		d.def.pipeline.tasks.set(label, t)
	}
	return nil
}

func checkReserved(label string, pos Pos) error {
	if label != reserved {
		return nil
	}
	return &Error{Class: "ValueError", Pos: pos, Message: "parameters is a reserved word and cannot be used as a task label"}
}

// task reads the class alone, or a mapping with class and config.
func (d *decoder) task(t *Task, n *yaml.Node) (err error) {
	m := follow(n)
	if m.Kind != yaml.MappingNode {
		if m.Kind != yaml.ScalarNode || isNull(m) {
			return d.fault(n, "AttributeError", "a task is a class name, or a mapping with a class, this is %s", kindOf(m))
		}
		t.Class, err = d.text(n, "task class")
		return err
	}
	entries, err := d.mapping(m)
	if err != nil {
		return err
	}
	var config *yaml.Node
	for _, e := range entries {
		switch e.key {
		case "class":
			if t.Class, err = d.text(e.value, "task class"); err != nil {
				return err
			}
		case "config":
			config = e.value
		}
	}
	if t.Class == "" {
		fault := d.fault(n, "KeyError", "the task has no class")
		fault.Advice = "add `class:` with the full name of the task class"
		return fault
	}
	if config == nil || isNull(config) {
		return nil
	}
	items, err := d.list(config, "config")
	if err != nil {
		return err
	}
	for _, item := range items {
		entry, err := d.entry(item)
		if err != nil {
			return err
		}
		t.Entries = append(t.Entries, entry)
	}
	return nil
}

// entry reads one config entry (pipelines.md 1.5).
func (d *decoder) entry(n *yaml.Node) (Entry, error) {
	c := Entry{Pos: d.pos(n)}
	m := follow(n)
	if m.Kind != yaml.MappingNode {
		return c, d.fault(n, "AttributeError", "a config entry is a mapping of fields to values, this is %s", kindOf(m))
	}
	entries, err := d.mapping(m)
	if err != nil {
		return c, err
	}
	for _, e := range entries {
		switch e.key {
		case "file":
			err = d.files(&c, e.value)
		case "python":
			err = d.python(&c, e.value)
		case "dataId":
			c.DataID = !isNull(e.value)
		default:
			err = d.pair(&c, e)
		}
		if err != nil {
			return c, err
		}
	}
	return c, nil
}

func (d *decoder) files(c *Entry, n *yaml.Node) error {
	if isNull(n) {
		return nil
	}
	items, err := d.list(n, "file")
	if err != nil {
		return err
	}
	for _, item := range items {
		path, err := d.text(item, "file")
		if err != nil {
			return err
		}
		c.Files = append(c.Files, FileRef{Path: path, Pos: d.pos(item)})
	}
	return nil
}

func (d *decoder) python(c *Entry, n *yaml.Node) (err error) {
	if c.Python, err = d.optionalText(n, "python block"); err != nil {
		return err
	}
	m := follow(n)
	c.PythonPos = d.pos(m)
	if m.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		// The node is where the | stands, its text begins in the next line.
		c.PythonPos.Line++
		c.PythonPos.Column = 0
	}
	return nil
}

func (d *decoder) pair(c *Entry, e entry) error {
	field, err := d.key(e, "field name")
	if err != nil {
		return err
	}
	v, err := d.value(e.value)
	if err != nil {
		return err
	}
	c.Pairs = append(c.Pairs, Pair{Field: field, Value: v, Pos: d.pos(e.at)})
	return nil
}
