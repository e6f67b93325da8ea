package pipeline

import (
	"valet/registry/dimension"
	"valet/tasks"
)

// Definition is how a dataset type is registered in a repository.
type Definition struct {
	// Dimensions of the type; required ones suffice, implied ones may be listed.
	Dimensions   []string
	StorageClass string
	Calibration  bool
}

// Options of Resolve. The zero value resolves without a repository and without files.
type Options struct {
	// Read and Getenv serve config files as in Loader.
	Read   func(path string) ([]byte, error)
	Getenv func(name string) (string, bool)
	// Universe, if not nil, expands and checks dimensions.
	Universe *dimension.Universe
	// Registered, if not nil, looks up the registered definition of a dataset type. An error stops the resolution.
	Registered func(name string) (*Definition, bool, error)
	// Convertible reports whether datasets stored with one storage class can be read or written as another; nil allows equal
	// ones only.
	Convertible func(stored, wanted string) bool
	// Component is the storage class of a component of a storage class; nil knows no components.
	Component func(storageClass, component string) (string, bool)
	// Instrument, if not nil, gives the short name of an instrument class path.
	Instrument func(class string) (string, bool, error)
	// IgnoreContracts leaves contracts unevaluated.
	IgnoreContracts bool
	// NoVersions leaves out the dataset type packages.
	NoVersions bool
	// Select is a --select-tasks expression, or empty.
	Select string
	// Warn receives what the user should know but what stops nothing; nil drops it.
	Warn func(message string)
}

func (o *Options) warn(message string) {
	if o.Warn != nil {
		o.Warn(message)
	}
}

func (o *Options) convertible(stored, wanted string) bool {
	return stored == wanted || o.Convertible != nil && o.Convertible(stored, wanted)
}

// Resolve evaluates the configs of all tasks, checks contracts, and links tasks and dataset types (pipelines.md 1.5, 2.1, 3).
// Errors are *Error, *DuplicateOutputError or *CycleError.
func (p *Pipeline) Resolve(table tasks.Table, opts Options) (*Resolved, error) {
	instrument, err := p.instrument(&opts)
	if err != nil {
		return nil, err
	}
	r, err := p.link(table, opts)
	if err != nil {
		return nil, err
	}
	r.Instrument = instrument
	if opts.Select != "" {
		if err := r.selectTasks(opts.Select); err != nil {
			return nil, err
		}
	}
	if err := r.define(&opts); err != nil {
		return nil, err
	}
	if opts.Select == "" {
		if err := r.checkSteps(&opts); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// link configures the tasks and links them by the names of their dataset types.
func (p *Pipeline) link(table tasks.Table, opts Options) (*Resolved, error) {
	configured, err := p.configure(table, &opts)
	if err != nil {
		return nil, err
	}
	b := linker{resolved: &Resolved{Pipeline: p, byLabel: map[string]*TaskNode{}, byName: map[string]*DatasetType{}}, pipeline: p}
	for i := range configured {
		if err := b.add(&configured[i]); err != nil {
			return nil, inTask(err, configured[i].task.Label)
		}
	}
	return b.finish(opts.NoVersions)
}

// instrument is the short name of the pipeline's instrument.
func (p *Pipeline) instrument(opts *Options) (string, error) {
	if p.Instrument == "" {
		return "", nil
	}
	opts.warn("config overrides of instrument " + p.Instrument + " are not applied, valet's tasks have none")
	if opts.Instrument == nil {
		return "", nil
	}
	name, ok, err := opts.Instrument(p.Instrument)
	if err != nil {
		return "", &Error{Class: className(err, "RuntimeError"), Pos: p.InstrumentPos, Message: "look up instrument " + p.Instrument, Cause: err}
	}
	if !ok {
		return "", &Error{Class: "ModuleNotFoundError", Pos: p.InstrumentPos, Message: "no instrument of the repository has the class " + p.Instrument,
			Advice: "register the instrument, or remove `instrument:` and constrain the data IDs with -d \"instrument='NAME'\""}
	}
	return name, nil
}
