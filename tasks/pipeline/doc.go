// Package pipeline owns pipelines: it loads their YAML with imports, parameters, subsets, steps and contracts, applies selectors
// and command-line actions, resolves tasks with their configs and connections into an ordered graph of tasks and dataset types,
// and shows or writes all of that (pipelines.md sections 1, 2.1-2.4, 3 and 4.7).
//
// The usual way through it:
//
//	loader := &pipeline.Loader{Read: os.ReadFile, Getenv: os.LookupEnv, Table: verify.Table()}
//	p, err := loader.Load("metrics.yaml#memory_isr")
//	err = loader.Apply(p, actions)                // -t, --delete, -c, -C, --instrument in command-line order
//	resolved, err := p.Resolve(loader.Table, pipeline.Options{Read: os.ReadFile, Universe: universe})
//
// The package does no I/O of its own: files come from the function given as Read. It runs no Python: config files and python
// blocks are read in the strict subset of package python, anything else is refused with its file, line and statement. Contracts
// likewise.
//
// Where upstream's behaviour is odd it is kept, and a warning says so: rename together with include, a selector on an import. Where it
// is a crash or a silent loss, there is an error: import cycles, labels that are no texts, renaming to the name of a subset.
//
// Weak spots: instrument config overrides are not applied (metric tasks have none), and a contract that needs more than fields,
// names of connections and comparisons is refused, not evaluated. The drawings show what pipetask's show, in their own hand.
package pipeline
