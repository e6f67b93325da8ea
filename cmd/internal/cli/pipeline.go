package cli

import (
	"fmt"
	"os"

	"valet/quantum"
	"valet/tasks/pipeline"
)

// loader reads pipelines from the file system and the App's environment.
func (a *App) loader() *pipeline.Loader {
	log := a.Log("pipeline")
	return &pipeline.Loader{
		Read:   os.ReadFile,
		Getenv: a.lookupEnv,
		Table:  a.Tasks,
		Warn:   func(message string) { log.Warn().Msg(message) },
	}
}

// loadPipeline loads what -p names, or starts an empty pipeline, and applies the actions in command-line order.
func (a *App) loadPipeline(o *inputOptions) (*pipeline.Pipeline, error) {
	l := a.loader()
	p := pipeline.New("anonymous")
	if o.pipeline != "" {
		var err error
		if p, err = l.Load(o.pipeline); err != nil {
			return nil, err
		}
	}
	if err := l.Apply(p, o.actions); err != nil {
		return nil, err
	}
	return p, nil
}

// resolveOptions are the options of Pipeline.Resolve that come from the command line.
func (a *App) resolveOptions(o *inputOptions) pipeline.Options {
	log := a.Log("pipeline")
	return pipeline.Options{
		Read:            os.ReadFile,
		Getenv:          a.lookupEnv,
		IgnoreContracts: o.ignoreContracts,
		NoVersions:      o.noVersions,
		Select:          o.selected,
		Warn:            func(message string) { log.Warn().Msg(message) },
	}
}

// showPipeline prints the --show items that need no repository.
func (a *App) showPipeline(o *inputOptions, p *pipeline.Pipeline) error {
	resolved, err := p.Resolve(a.Tasks, a.resolveOptions(o))
	if err != nil {
		return err
	}
	return a.show(o, resolved, nil)
}

// show prints the --show items; g is nil if there is no graph.
func (a *App) show(o *inputOptions, resolved *pipeline.Resolved, g *quantum.Graph) error {
	for _, item := range o.show {
		handled, err := resolved.Show(a.Stdout, item)
		if !handled && err == nil && g != nil {
			handled, err = a.showGraph(g, item)
		}
		if err != nil {
			return err
		}
		if !handled {
			return &UsageError{Command: "valet run", Message: fmt.Sprintf("--show: unknown item %q", item),
				Advice: "items are pipeline, config[=LABEL::FIELD], dump-config[=LABEL], tasks, subsets, inputs, pipeline-graph, task-graph, graph"}
		}
	}
	return nil
}
