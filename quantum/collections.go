package quantum

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"valet/registry/dataset"
)

// CollectionOptions are the command-line options that decide where a run reads and writes (pipelines.md 4.1).
type CollectionOptions struct {
	// Inputs as given with -i, in order.
	Inputs []string
	// Output is the chain given with -o, or empty.
	Output string
	// OutputRun is the run given with --output-run, or empty.
	OutputRun   string
	ExtendRun   bool
	ReplaceRun  bool
	PruneMode   PruneMode // of --prune-replaced
	Rebase      bool
	SkipIn      []string  // of --skip-existing-in
	SkipInRun   bool      // --skip-existing
	RunTimeName time.Time // the time of which a new run's name is made
}

// PruneMode says what a replaced run loses; nothing if it is empty.
type PruneMode string

const (
	// Unstore removes the files of all datasets that quanta of the pipeline write; configs and packages stay, and so do all registry rows.
	Unstore PruneMode = "unstore"
	// Purge removes the run with everything in it.
	Purge PruneMode = "purge"
)

// Collections is where a run reads and writes.
type Collections struct {
	// Inputs are the collections searched for inputs, flattened.
	Inputs []string
	// Run is the RUN collection of the outputs; RunExists tells that it is there already.
	Run       string
	RunExists bool
	// Output is the chain, or empty; Chain are its children after the run was registered. ChainChanges tells that they differ
	// from those found.
	Output       string
	Chain        []string
	ChainChanges bool
	// Replaced is the run that --replace-run takes out of the chain, or empty; Prune is what becomes of it: it keeps everything if this
	// is empty.
	Replaced string
	Prune    PruneMode
	// SkipIn are the collections in which a <label>_metadata dataset lets its quantum be skipped, flattened.
	SkipIn []string
}

// CollectionError says that the collections asked for do not fit together or not to the repository.
type CollectionError struct {
	// Class is the upstream class.
	Class   string
	Message string
	Advice  string
}

func (e *CollectionError) Error() string { return e.Message }

// ClassName is the upstream error class.
func (e *CollectionError) ClassName() string { return e.Class }

// Hint says what to do.
func (e *CollectionError) Hint() string { return e.Advice }

// RunTimeFormat is the form of the last part of a run's name, in UTC (pipelines.md 4.1).
const RunTimeFormat = "20060102T150405Z"

// ResolveCollections applies the table of pipelines.md 4.1. It only reads.
func ResolveCollections(ctx context.Context, src Source, o CollectionOptions) (*Collections, error) {
	invalid := func(advice, format string, args ...any) (*Collections, error) {
		return nil, &CollectionError{Class: "ValueError", Message: fmt.Sprintf(format, args...), Advice: advice}
	}
	switch {
	case o.ExtendRun && o.ReplaceRun:
		return nil, &CollectionError{"AssertionError", "--extend-run and --replace-run exclude each other",
			"use --extend-run to go on with the newest run, --replace-run to put a new one in its place"}
	case o.PruneMode != "" && !o.ReplaceRun:
		return invalid("add --replace-run", "--prune-replaced needs --replace-run")
	case o.Output == "" && o.OutputRun == "":
		return invalid("name an output chain with -o", "no output RUN collection provided")
	case o.Rebase && o.OutputRun != "" && !strings.HasPrefix(o.OutputRun, o.Output):
		// A later --rebase tells the chain's own runs by their names.
		return invalid("start the name of --output-run with that of -o", "--rebase needs an output run whose name starts with %q, not %q", o.Output, o.OutputRun)
	case o.Output == "" && len(o.Inputs) == 0 && !o.ExtendRun:
		return invalid("name input collections with -i", "no input collections provided")
	}
	inputs, err := src.Flatten(ctx, o.Inputs...)
	if err != nil {
		return nil, err
	}
	c := &Collections{Output: o.Output}
	var chain *dataset.Collection
	notContiguous := func() (*Collections, error) {
		return invalid("add --rebase to put the new inputs into the chain, or leave out -i to use the chain as it is",
			"output collection %q exists, and the inputs given are not a contiguous part of its chain: %s", o.Output, strings.Join(chain.Children, ", "))
	}
	if o.Output != "" {
		found, ok, err := src.Lookup(ctx, o.Output)
		if err != nil {
			return nil, err
		}
		if ok {
			chain = found
			if chain.Kind != dataset.Chained {
				return nil, &CollectionError{"lsst.daf.butler._exceptions.CollectionTypeError", fmt.Sprintf("output collection %q is a %s collection, not a CHAINED one", o.Output, chain.Kind),
					"choose another name for -o; its runs will be named below it"}
			}
		}
	}
	switch {
	case o.Output == "":
		c.Run = o.OutputRun
		c.Inputs = inputs
		if o.ReplaceRun {
			return invalid("name the chain with -o", "--replace-run needs an output chain")
		}
	case chain == nil:
		if o.ReplaceRun {
			return invalid("leave out --replace-run", "output collection %q does not exist: there is no run to replace", o.Output)
		}
		if o.ExtendRun {
			return invalid("leave out --extend-run, or correct the name", "output collection %q does not exist: there is no run to extend", o.Output)
		}
		if len(o.Inputs) == 0 {
			return invalid("name input collections with -i", "no input collections provided")
		}
		if err := dataset.ValidateCollectionName(o.Output); err != nil {
			return nil, err
		}
		c.Inputs, c.Chain = inputs, inputs
	case o.ReplaceRun:
		if len(chain.Children) == 0 {
			return invalid("leave out --replace-run", "output collection %q is empty: there is no run to replace", o.Output)
		}
		if !o.Rebase && !contiguous(inputs, chain.Children) {
			return notContiguous()
		}
		c.Replaced = chain.Children[0]
		c.Inputs, c.Chain = chain.Children[1:], chain.Children[1:]
	case o.Rebase:
		c.Inputs = chain.Children
		c.Chain = rebase(o.Output, chain.Children, inputs)
	default:
		if !contiguous(inputs, chain.Children) {
			return notContiguous()
		}
		c.Inputs, c.Chain = chain.Children, chain.Children
	}
	if c.Inputs, err = src.Flatten(ctx, c.Inputs...); err != nil {
		return nil, err
	}
	if err := c.chooseRun(ctx, src, o, chain); err != nil {
		return nil, err
	}
	if c.Output != "" {
		if c.Chain, err = src.Flatten(ctx, c.Chain...); err != nil {
			return nil, err
		}
		if !o.ExtendRun || !slices.Contains(c.Chain, c.Run) {
			c.Chain = append([]string{c.Run}, slices.DeleteFunc(slices.Clone(c.Chain), func(s string) bool { return s == c.Run })...)
		}
		c.ChainChanges = chain == nil || !slices.Equal(c.Chain, chain.Children)
		if o.ExtendRun && slices.Contains(chain.Children, c.Run) {
			c.Chain, c.ChainChanges = chain.Children, false
		}
	}
	skip := slices.Clone(o.SkipIn)
	if (o.SkipInRun || o.ExtendRun) && c.RunExists {
		skip = append(skip, c.Run)
	}
	if c.SkipIn, err = src.Flatten(ctx, skip...); err != nil {
		return nil, err
	}
	if o.PruneMode != "" {
		c.Prune = o.PruneMode
		if err := c.checkPrune(ctx, src, inputs); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// checkPrune refuses to prune what is no run, what this run reads, and what other chains hold. Upstream notices the last only when
// the files are gone.
func (c *Collections) checkPrune(ctx context.Context, src Source, inputs []string) error {
	found, ok, err := src.Lookup(ctx, c.Replaced)
	if err != nil {
		return err
	}
	const advice = "leave out --prune-replaced; nothing was changed"
	switch {
	case !ok || found.Kind != dataset.Run:
		kind := "missing"
		if ok {
			kind = found.Kind.String()
		}
		return &CollectionError{"TypeError", fmt.Sprintf("--prune-replaced: the collection type of %q is %s, not RUN", c.Replaced, kind), advice}
	case c.Replaced == c.Run || slices.Contains(c.Inputs, c.Replaced) || slices.Contains(inputs, c.Replaced) || slices.Contains(c.SkipIn, c.Replaced):
		return &CollectionError{"ValueError", fmt.Sprintf("--prune-replaced: run %q is to be read by the run that replaces it", c.Replaced), advice}
	case c.Prune != Purge:
		return nil
	}
	parents, err := src.Parents(ctx, c.Replaced)
	if err != nil {
		return err
	}
	if parents = slices.DeleteFunc(parents, func(p string) bool { return p == c.Output }); len(parents) > 0 {
		return &CollectionError{"sqlalchemy.exc.IntegrityError", fmt.Sprintf("--prune-replaced purge: run %q cannot be removed: it is in %s, too", c.Replaced, strings.Join(parents, ", ")),
			"take it out of these chains first, or use --prune-replaced unstore; nothing was changed"}
	}
	return nil
}

// chooseRun names the run and checks whether it may exist.
func (c *Collections) chooseRun(ctx context.Context, src Source, o CollectionOptions, chain *dataset.Collection) error {
	switch {
	case o.OutputRun != "":
		c.Run = o.OutputRun
	case o.ExtendRun:
		if len(chain.Children) == 0 {
			return &CollectionError{"ValueError", fmt.Sprintf("output collection %q is empty: there is no run to extend", o.Output), "leave out --extend-run"}
		}
		c.Run = chain.Children[0]
	default:
		c.Run = o.Output + "/" + o.RunTimeName.UTC().Format(RunTimeFormat)
	}
	run, exists, err := src.Lookup(ctx, c.Run)
	if err != nil {
		return err
	}
	switch {
	case exists && run.Kind != dataset.Run:
		return &CollectionError{"TypeError", fmt.Sprintf("output run %q is a %s collection", c.Run, run.Kind), "choose another name for --output-run"}
	case !exists && o.ExtendRun:
		return &CollectionError{"ValueError", fmt.Sprintf("output run %q does not exist: there is no run to extend", c.Run), "leave out --extend-run, or correct the name"}
	case exists && !o.ExtendRun:
		return &CollectionError{"ValueError", fmt.Sprintf("output run %q exists", c.Run), "add --extend-run to go on with it, or choose another name"}
	}
	c.RunExists = exists
	if !exists {
		return dataset.ValidateCollectionName(c.Run)
	}
	if !slices.Contains(c.Inputs, c.Run) {
		c.Inputs = append([]string{c.Run}, c.Inputs...)
	} else {
		c.Inputs = append([]string{c.Run}, slices.DeleteFunc(c.Inputs, func(s string) bool { return s == c.Run })...)
	}
	return nil
}

// contiguous reports whether part occurs in whole without gaps and in order.
func contiguous(part, whole []string) bool {
	for i := 0; i+len(part) <= len(whole); i++ {
		if slices.Equal(part, whole[i:i+len(part)]) {
			return true
		}
	}
	return false
}

// rebase orders a chain anew: the chain's own runs, then inputs that it lacks, then its other children.
func rebase(name string, children, inputs []string) []string {
	var own, rest []string
	for _, child := range children {
		if strings.HasPrefix(child, name) {
			own = append(own, child)
		} else {
			rest = append(rest, child)
		}
	}
	for _, in := range inputs {
		if !slices.Contains(children, in) {
			own = append(own, in)
		}
	}
	return append(own, rest...)
}
