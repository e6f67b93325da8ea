package pipeline

import (
	"errors"
	"fmt"
	"strings"

	"valet/tasks"
	"valet/tasks/python"
)

// configured is a task whose config is complete.
type configured struct {
	task        *Task
	class       *tasks.Class
	config      *tasks.Config
	connections *tasks.Connections
}

// configure evaluates and checks the configs of all tasks, then the contracts over them.
func (p *Pipeline) configure(table tasks.Table, opts *Options) ([]configured, error) {
	all := make([]configured, 0, p.tasks.len())
	byLabel := make(map[string]*configured, p.tasks.len())
	for _, t := range p.Tasks() {
		c, err := p.configureTask(t, table, opts)
		if err != nil {
			return nil, inTask(err, t.Label)
		}
		all = append(all, c)
		byLabel[t.Label] = &all[len(all)-1]
	}
	if opts.IgnoreContracts {
		return all, nil
	}
	return all, p.checkContracts(byLabel)
}

func (p *Pipeline) configureTask(t *Task, table tasks.Table, opts *Options) (c configured, err error) {
	c.task = t
	if c.class, err = table.Find(t.Class); err != nil {
		return c, &Error{Class: className(err, "ModuleNotFoundError"), Pos: t.Pos, Cause: err}
	}
	c.config = tasks.NewConfig(c.class.Config)
	for i := range t.Entries {
		if err := p.applyEntry(c.config, &t.Entries[i], opts); err != nil {
			return c, err
		}
	}
	if err := c.config.Validate(); err != nil {
		// What is unset has no place; what was set wrongly has the place of its last pair.
		return c, &Error{Class: className(err, "ValueError"), Pos: t.place(err), Cause: err}
	}
	if c.connections, err = c.class.Connect(c.config); err != nil {
		return c, &Error{Class: className(err, "ValueError"), Pos: t.place(err), Cause: err}
	}
	return c, nil
}

// place is where an invalid field was set last, or the task.
func (t *Task) place(err error) Pos {
	var f *tasks.FieldError
	if errors.As(err, &f) {
		for i := len(t.Entries) - 1; i >= 0; i-- {
			for j := len(t.Entries[i].Pairs) - 1; j >= 0; j-- {
				if pair := &t.Entries[i].Pairs[j]; pair.Field == f.Field {
					return pair.Pos
				}
			}
		}
	}
	return t.Pos
}

// applyEntry applies files, then python, then pairs, whatever their order in the YAML.
func (p *Pipeline) applyEntry(c *tasks.Config, e *Entry, opts *Options) error {
	if e.DataID {
		return &Error{Class: "NotImplementedError", Pos: e.Pos, Message: "a config for some data IDs only is not supported in pipelines",
			Advice: "remove dataId; make a task of its own for these data IDs"}
	}
	env := python.Env{Parameter: p.Parameter, Getenv: opts.Getenv, Read: opts.Read}
	for _, f := range e.Files {
		path := expandEnv(f.Path, opts.Getenv)
		text, err := readFile(opts.Read, path)
		if err != nil {
			return &Error{Class: fileClass(err), Pos: f.Pos, Message: "read config file " + path, Cause: err,
				Advice: "paths are relative to the working directory, not to the pipeline file"}
		}
		env.Path = path
		if err := c.Exec(path, 1, string(text), env); err != nil {
			return &Error{Class: className(err, "RuntimeError"), Pos: f.Pos, Cause: err}
		}
	}
	if e.Python != "" {
		env.Path = ""
		if err := c.Exec(e.PythonPos.File, e.PythonPos.Line, e.Python, env); err != nil {
			// The cause says the place.
			return &Error{Class: className(err, "RuntimeError"), Cause: err}
		}
	}
	for i := range e.Pairs {
		pair := &e.Pairs[i]
		if err := c.SetPair(pair.Field, p.substitute(pair, opts)); err != nil {
			return &Error{Class: className(err, "ValueError"), Pos: pair.Pos, Cause: err}
		}
	}
	return nil
}

// substitute replaces a text that is parameters.NAME and nothing else. An unknown parameter leaves it as it is (pipelines.md 1.6).
func (p *Pipeline) substitute(pair *Pair, opts *Options) tasks.Value {
	text, _ := pair.Value.(string)
	name, ok := strings.CutPrefix(text, reserved+".")
	if !ok {
		return pair.Value
	}
	if v, ok := p.Parameter(name); ok {
		return v
	}
	message := fmt.Sprintf("%s: the pipeline has no parameter %q, %s is set to the text %q", pair.Pos, name, pair.Field, text)
	if near := tasks.Nearest(p.parameters.keys(), name); near != "" {
		message += fmt.Sprintf(" (did you mean %q?)", near)
	}
	opts.warn(message)
	return text
}
