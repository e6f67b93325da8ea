package registry

import "valet/registry/internal/planner"

// CalibrationLookupError says that a search for the first dataset in calibration collections has more than one candidate for a data
// ID, because several validity ranges apply (queries.md 7.3). It comes while rows are read.
type CalibrationLookupError = planner.CalibrationLookupError
