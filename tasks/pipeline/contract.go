package pipeline

import (
	"errors"
	"fmt"
	"slices"

	"valet/tasks"
	"valet/tasks/python"
)

// checkContracts evaluates the contracts in order; the first that does not hold is the error (pipelines.md 1.2).
func (p *Pipeline) checkContracts(byLabel map[string]*configured) error {
	for i := range p.Contracts {
		c := &p.Contracts[i]
		fault := func(err error) error {
			e := &Error{Class: className(err, "RuntimeError"), Pos: c.Pos, Message: fmt.Sprintf("contract %q", shorten(c.Expression)), Cause: err}
			var unsupported *python.UnsupportedError
			if errors.As(err, &unsupported) {
				e.Message = fmt.Sprintf("contract %q needs Python", shorten(c.Expression))
				e.Advice = "use comparisons of config fields, or run with --ignore-contracts"
			}
			return e
		}
		parsed, err := python.ParseContract(c.Expression)
		if err != nil {
			return fault(err)
		}
		holds, err := parsed.Eval(func(r python.Reference) (tasks.Value, error) { return lookup(byLabel, r) })
		if err != nil {
			return fault(err)
		}
		if !holds {
			message := fmt.Sprintf("Contract(s) '%s' were not satisfied", c.Expression)
			if c.Message != "" {
				message += ": " + c.Message
			}
			return &Error{Class: "lsst.pipe.base.pipelineIR.ContractError", Pos: c.Pos, Message: message}
		}
	}
	return nil
}

// lookup is the value of a name in a contract.
func lookup(byLabel map[string]*configured, r python.Reference) (tasks.Value, error) {
	c := byLabel[r.Label]
	if c == nil {
		labels := make([]string, 0, len(byLabel))
		for label := range byLabel {
			labels = append(labels, label)
		}
		return nil, withNearest(&Error{Class: "NameError", Message: fmt.Sprintf("name '%s' is not defined", r.Label)}, labels, r.Label)
	}
	if r.Connection == "" {
		return c.config.Lookup(r.Field)
	}
	all := append(slices.Clone(c.connections.Inputs), c.connections.Outputs...)
	names := make([]string, len(all))
	for i, connection := range all {
		if names[i] = connection.Name; names[i] == r.Connection {
			return connection.DatasetType, nil
		}
	}
	return nil, withNearest(&Error{Class: "AttributeError", Message: fmt.Sprintf("the connections of %s have no %q", r.Label, r.Connection)}, names, r.Connection)
}
