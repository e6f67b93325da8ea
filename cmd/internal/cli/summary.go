package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"iter"

	"valet/cmd/internal/ui"
	"valet/registry/dimension"
)

// runSummary is the JSON that --summary writes, field for field that of pipetask (pipelines.md 5.8), but for the reports of the quanta,
// which write adds. Fields without a value are left out.
type runSummary struct {
	Graph     *graphSummary  `json:"qgraphSummary,omitempty"`
	Status    string         `json:"status"` // success, failure or timeout
	CmdLine   []string       `json:"cmdLine,omitempty"`
	Exception *exceptionInfo `json:"exceptionInfo,omitempty"`
}

// graphSummary describes the quantum graph of a run.
type graphSummary struct {
	CmdLine string `json:"cmdLine,omitempty"`
	// Created is in UTC, as 2006-01-02 15:04:05.000000.
	Created string   `json:"creationUTC,omitempty"`
	Inputs  []string `json:"inputCollection,omitempty"`
	Output  string   `json:"outputCollection,omitempty"`
	Run     string   `json:"outputRun,omitempty"`
	// Tasks by label.
	Tasks map[string]taskSummary `json:"qgraphTaskSummaries"`
}

// taskSummary counts the quanta of a task and their datasets by type, in the order of the task's connections.
type taskSummary struct {
	Label   string        `json:"taskLabel"`
	Quanta  int           `json:"numQuanta"`
	Inputs  datasetCounts `json:"numInputs"`
	Outputs datasetCounts `json:"numOutputs"`
}

// quantumReport is how one quantum ended.
type quantumReport struct {
	Status    string          `json:"status"` // success, failure, timeout or skipped
	DataID    json.RawMessage `json:"dataId"`
	Label     string          `json:"taskLabel"`
	ExitCode  *int            `json:"exitCode,omitempty"`
	Exception *exceptionInfo  `json:"exceptionInfo,omitempty"`
	ID        string          `json:"quantumId,omitempty"`
}

// exceptionInfo is an error by its class, the module left out for built-in ones.
type exceptionInfo struct {
	Class   string `json:"className"`
	Message string `json:"message"`
}

// creationLayout is the form of graphSummary.Created.
const creationLayout = "2006-01-02 15:04:05.000000"

// datasetCount is a number of datasets of a type.
type datasetCount struct {
	Type string
	N    int
}

// datasetCounts is a JSON object whose names keep their order.
type datasetCounts []datasetCount

// MarshalJSON writes the object.
func (c datasetCounts) MarshalJSON() ([]byte, error) {
	columns, cells := make([]ui.Column, len(c)), make([]ui.Cell, len(c))
	for i, count := range c {
		columns[i], cells[i] = ui.Column{Name: count.Type, Kind: ui.Int}, ui.IntCell(int64(count.N))
	}
	return ui.AppendObject(nil, columns, cells), nil
}

// dataIDJSON is the object of the required values of a data ID.
func dataIDJSON(id dimension.DataID) json.RawMessage {
	n := len(id.RequiredValues())
	return ui.AppendObject(nil, ui.DataIDColumns(id.Group())[:n], ui.DataIDCells(nil, id)[:n])
}

// write writes the JSON with two spaces a level, as pipetask does: no newline at the end. The reports of the quanta, which come last, are
// written one by one, because there may be millions.
func (s *runSummary) write(w io.Writer, quanta iter.Seq[quantumReport]) error {
	out := bufio.NewWriter(w)
	head, err := indentedJSON(s, "")
	if err != nil {
		return err
	}
	out.Write(bytes.TrimSuffix(head, []byte("\n}")))
	out.WriteString(",\n  \"quantaReports\": [")
	separator, end := "\n    ", "]\n}"
	for q := range quanta {
		text, err := indentedJSON(&q, "    ")
		if err != nil {
			return err
		}
		out.WriteString(separator)
		if _, err := out.Write(text); err != nil {
			return err
		}
		separator, end = ",\n    ", "\n  ]\n}"
	}
	out.WriteString(end)
	return out.Flush() // and tells of errors before
}

// indentedJSON is a value with two spaces a level; lines after the first begin with a prefix.
func indentedJSON(v any, prefix string) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent(prefix, "  ")
	err := e.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}
