package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"valet/quantum"
	"valet/registry/dataset"
	"valet/registry/query"
	"valet/tasks/pipeline"
)

// recalled is what a run was made with, as far as it is needed to go on with it.
type recalled struct {
	pipeline *pipeline.Pipeline
	resolved *pipeline.Resolved
	options  storedOptions
	// where is the condition of the run and that of now.
	where       query.Expr
	collections *quantum.Collections
	// newRun says that the quanta go to another run, because a config was changed.
	newRun bool
}

// recall reads from the ledger what the run was made with, or takes it from the options if the ledger does not know.
func (a *App) recall(ctx context.Context, r *recordedRun, o *rerunOptions) (*recalled, error) {
	m := &recalled{}
	given, err := query.Parse(o.where)
	if err != nil {
		return nil, fmt.Errorf("-d: %w", err)
	}
	text, err := r.newestExecution(ctx, &m.options)
	if err != nil {
		return nil, err
	}
	switch {
	case o.pipeline != "":
		m.pipeline, err = a.loader().Load(o.pipeline)
	case text == "":
		return nil, &classError{class: "ValueError", reason: fmt.Sprintf("valet has no record of the pipeline that made run %s", r.name),
			hint: "give the pipeline: " + a.command("rerun", r.repo, r.name) + " -p FILE"}
	default:
		m.pipeline, err = a.loader().Parse("pipeline of run "+r.name, []byte(text))
	}
	if err != nil {
		return nil, err
	}
	recorded, err := query.Parse(m.options.Where)
	if err != nil {
		return nil, fmt.Errorf("condition of run %s: %w", r.name, err)
	}
	m.where = both(recorded, given)
	in := &inputOptions{selected: m.options.Selected, ignoreContracts: m.options.IgnoreContracts, noVersions: m.options.NoVersions}
	if m.resolved, err = a.resolveIn(ctx, r.Butler, in, m.pipeline); err != nil {
		return nil, err
	}
	if err := checkLabels(m.resolved, r.name, o.tasks); err != nil {
		return nil, err
	}
	if len(o.inputs) > 0 {
		m.options.Inputs, m.options.Searched = o.inputs, nil
	}
	if err := m.findCollections(ctx, r); err != nil {
		return nil, err
	}
	if len(o.actions) == 0 {
		return m, nil
	}
	before := m.resolved
	if err := a.loader().Apply(m.pipeline, o.actions); err != nil {
		return nil, err
	}
	if m.resolved, err = a.resolveIn(ctx, r.Butler, in, m.pipeline); err != nil {
		return nil, err
	}
	changed := changedConfigs(before, m.resolved)
	if len(changed) == 0 {
		return m, nil
	}
	return m, a.moveToNewRun(ctx, r, m, changed)
}

// newestExecution reads the options of the newest execution that recorded its pipeline, and returns that; it is empty if none did.
func (r *recordedRun) newestExecution(ctx context.Context, options *storedOptions) (string, error) {
	if r.derived {
		return "", nil
	}
	list, err := r.ledger.Executions(ctx, r.name)
	if err != nil {
		return "", err
	}
	for _, e := range slices.Backward(list) {
		if e.Pipeline == "" {
			continue
		}
		if err := json.Unmarshal(e.Options, options); err != nil {
			return "", fmt.Errorf("options of execution %d of run %s: %w", e.ID, r.name, err)
		}
		return e.Pipeline, nil
	}
	return "", nil
}

// both joins two conditions that may be nil.
func both(a, b query.Expr) query.Expr {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return &query.Logical{Op: "AND", Operands: []query.Expr{&query.Parens{X: a, At: a.Span()}, &query.Parens{X: b, At: b.Span()}}}
}

// checkLabels finds labels that are no tasks of the pipeline.
func checkLabels(p *pipeline.Resolved, run string, labels []string) error {
	var known []string
	for _, t := range p.Tasks {
		known = append(known, t.Label)
	}
	for _, label := range labels {
		if slices.Contains(known, label) {
			continue
		}
		e := &classError{class: "KeyError", reason: fmt.Sprintf("run %s has no task %q", run, label), hint: "its tasks are " + quoteList(known)}
		if near := nearest(label, known); near != "" {
			e.hint = fmt.Sprintf("did you mean %s?", near)
		}
		return e
	}
	return nil
}

// findCollections tells where the run reads and writes: where it did before.
func (m *recalled) findCollections(ctx context.Context, r *recordedRun) error {
	src := source(r.Butler)
	c := &quantum.Collections{Run: r.name, RunExists: true, Output: m.options.Output}
	if _, exists, err := src.Lookup(ctx, r.name); err != nil {
		return err
	} else if !exists {
		return &classError{class: "MissingCollectionError", reason: fmt.Sprintf("run %s was removed from the repository", r.name), hint: "start it anew with 'valet run'"}
	}
	if c.Output == "" && r.derivedChain(ctx) != "" {
		c.Output = r.derivedChain(ctx)
	}
	searched := m.options.Searched
	if c.Output != "" {
		chain, exists, err := src.Lookup(ctx, c.Output)
		switch {
		case err != nil:
			return err
		case !exists || chain.Kind != dataset.Chained:
			c.Output = ""
		default:
			c.Chain = chain.Children
			if len(searched) == 0 {
				searched = chain.Children
			}
		}
	}
	if len(m.options.Inputs) > 0 && len(m.options.Searched) == 0 {
		searched = m.options.Inputs
	}
	if len(searched) == 0 {
		return &classError{class: "ValueError", reason: fmt.Sprintf("nothing tells what the inputs of run %s were", r.name), hint: "give them with -i COLLECTIONS"}
	}
	inputs, err := src.Flatten(ctx, searched...)
	if err != nil {
		return err
	}
	c.Inputs = append([]string{r.name}, without(inputs, r.name)...)
	if c.SkipIn, err = src.Flatten(ctx, append(slices.Clone(m.options.SkipExistingIn), r.name)...); err != nil {
		return err
	}
	m.options.Output = c.Output
	m.collections = c
	return nil
}

// derivedChain is the one chain whose newest run this is, for runs of which no record says so; empty if there is none or more than one.
func (r *recordedRun) derivedChain(ctx context.Context) string {
	parents, err := r.Registry.Parents(ctx, r.name)
	if err != nil {
		return ""
	}
	found := ""
	for _, name := range parents {
		c, err := r.Registry.Collection(ctx, name)
		if err != nil || len(c.Children) == 0 || c.Children[0] != r.name {
			continue
		}
		if found != "" {
			return ""
		}
		found = name
	}
	return found
}

// changedConfigs are the differences by label.
func changedConfigs(before, after *pipeline.Resolved) map[string][]string {
	out := map[string][]string{}
	for _, t := range after.Tasks {
		if old := before.Task(t.Label); old != nil {
			if diff := t.Config.Differences(old.Config); len(diff) > 0 {
				out[t.Label] = diff
			}
		}
	}
	return out
}

// moveToNewRun lets the chosen quanta go to a new run in front of the chain: configs in one run must be consistent (pipelines.md 2.3).
func (a *App) moveToNewRun(ctx context.Context, r *recordedRun, m *recalled, changed map[string][]string) error {
	var parts []string
	for _, t := range m.resolved.Tasks {
		if diff := changed[t.Label]; len(diff) > 0 {
			parts = append(parts, t.Label+": "+strings.Join(diff, "; "))
		}
	}
	if m.collections.Output == "" {
		return &classError{class: "ConflictingDefinitionError",
			reason: fmt.Sprintf("configs in one run must be consistent, and run %s is in no output chain in front of which a new run could be put; changed: %s", r.name, strings.Join(parts, "; ")),
			hint:   "leave out -c and -C, or start a new run: " + a.command("run", "-b", r.repo) + " -p FILE --output-run NEW --skip-existing-in " + shellQuote(r.name)}
	}
	src := source(r.Butler)
	now, err := a.runTime(ctx, src, &inputOptions{output: m.collections.Output})
	if err != nil {
		return err
	}
	m.options.SkipExistingIn = m.collections.SkipIn
	m.collections, err = quantum.ResolveCollections(ctx, src, quantum.CollectionOptions{Output: m.collections.Output, SkipIn: m.options.SkipExistingIn, RunTimeName: now})
	if err != nil {
		return err
	}
	m.newRun = true
	log := a.Log("executor")
	log.Warn().Str("run", m.collections.Run).Msg("a config is changed, and configs in one run must be consistent: the quanta go to a new run in front of chain " + m.collections.Output +
		"; changed: " + strings.Join(parts, "; "))
	return nil
}
