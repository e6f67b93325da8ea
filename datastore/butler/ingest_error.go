package butler

import (
	"fmt"
	"strings"
)

// IngestError says everything that keeps files from being ingested.
type IngestError struct {
	Type   string
	Faults []string
	Total  int
}

func (e *IngestError) Error() string {
	const shown = 50
	if e.Total == 1 {
		return fmt.Sprintf("ingest %s: %s", e.Type, e.Faults[0])
	}
	text := fmt.Sprintf("ingest %s: %d faults:\n  %s", e.Type, e.Total, strings.Join(e.Faults[:min(shown, len(e.Faults))], "\n  "))
	if more := e.Total - min(shown, len(e.Faults)); more > 0 {
		text += fmt.Sprintf("\n  ... and %d more", more)
	}
	return text
}

// Hint says how to go on.
func (e *IngestError) Hint() string { return "nothing was changed" }

// ClassName is upstream's exception.
func (e *IngestError) ClassName() string { return "lsst.daf.butler._exceptions.DatasetIngestError" }

func (e *IngestError) add(at int, format string, args ...any) {
	e.Total++
	if len(e.Faults) < 1000 {
		e.Faults = append(e.Faults, fmt.Sprintf("row %d: ", at)+fmt.Sprintf(format, args...))
	}
}
