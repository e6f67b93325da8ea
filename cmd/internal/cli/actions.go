package cli

import (
	"strings"

	"github.com/spf13/pflag"

	"valet/tasks/pipeline"
)

// actionValue is one of the flags -t, --delete, -c, -C and --instrument. All of a command append to one list, so that their order
// on the command line is kept, across flags, as pipetask has it.
type actionValue struct {
	kind pipeline.ActionKind
	list *[]pipeline.Action
	hint string
}

func (v actionValue) String() string { return "" }

func (v actionValue) Type() string { return v.hint }

func (v actionValue) Set(text string) error {
	*v.list = append(*v.list, pipeline.Action{Kind: v.kind, Text: text})
	return nil
}

// addActionFlags declares the flags that change a pipeline.
func addActionFlags(f *pflag.FlagSet, list *[]pipeline.Action) {
	f.VarP(actionValue{pipeline.AddTask, list, "CLASS[:LABEL]"}, "task", "t", "add or replace a task; the label defaults to that of the class")
	f.Var(actionValue{pipeline.DeleteTask, list, "LABEL"}, "delete", "remove a task")
	f.VarP(actionValue{pipeline.SetConfig, list, "LABEL:FIELD=VALUE"}, "config", "c", "set a config field of a task")
	f.VarP(actionValue{pipeline.ConfigFile, list, "LABEL:FILE"}, "config-file", "C", "apply a config file to a task")
	f.Var(actionValue{pipeline.SetInstrument, list, "CLASS"}, "instrument", "set the instrument of the pipeline by its class path")
}

// listValue is a flag that may be repeated and whose values may hold several names separated by commas, as butler's are.
type listValue struct {
	list *[]string
	hint string
}

func (v listValue) String() string { return "" }

func (v listValue) Type() string { return v.hint }

func (v listValue) Set(text string) error {
	for _, part := range strings.Split(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			*v.list = append(*v.list, part)
		}
	}
	return nil
}
