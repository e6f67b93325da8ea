package executor

import (
	"strconv"
	"time"

	"valet/datastore/formatter"
	"valet/quantum"
	"valet/registry/dataset"
	"valet/tasks/metadata"
)

func appendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

// account is what is told of one quantum in its metadata and log (pipelines.md 5.2-5.4).
type account struct {
	label    string
	nodeName string
	// started tells that the task was constructed: a quantum without inputs never gets so far.
	started          bool
	prep, start, end snapshot
	outputs          []dataset.ID
	caveats          quantum.Caveats
	failed           bool
	getTime, putTime time.Duration
	gets, puts       int
}

const emptyNode = `{"scalars":{},"arrays":{},"metadata":{}}`

// appendMetadata appends the <label>_metadata file: every node has its three keys. After a failure, caveats and the metrics of
// butler are left out, as upstream does in the log of a failed quantum.
func (a *account) appendMetadata(dst []byte) []byte {
	dst = append(dst, `{"scalars":{},"arrays":{},"metadata":{`...)
	dst = formatter.AppendString(dst, a.label)
	dst = append(dst, ":"+emptyNode+","...)
	dst = append(dst, `"quantum":{"scalars":{"__version__":1,"nodeName":`...)
	dst = formatter.AppendString(dst, a.nodeName)
	if !a.failed {
		dst = append(dst, `,"caveats":`...)
		dst = appendInt(dst, int64(a.caveats))
	}
	dst = append(dst, `},"arrays":{`...)
	dst = a.prep.append(dst, "prep")
	if a.started {
		// Constructing a task costs nothing, so that init and start are one instant.
		dst = append(dst, ',')
		dst = a.start.append(dst, "init")
		dst = append(dst, ',')
		dst = a.start.append(dst, "start")
	}
	dst = append(dst, ',')
	dst = a.end.append(dst, "end")
	dst = append(dst, `,"outputs":[`...)
	for i, id := range a.outputs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = append(dst, id.String()...)
		dst = append(dst, '"')
	}
	dst = append(dst, `]},"metadata":{`...)
	if a.started && !a.failed {
		dst = a.appendMetrics(dst)
	}
	return append(dst, "}}}}"...)
}

// appendMetrics appends butler_metrics, and gc_metrics of a program without Python's collector.
func (a *account) appendMetrics(dst []byte) []byte {
	dst = append(dst, `"butler_metrics":{"scalars":{"time_in_put":`...)
	dst = metadata.AppendNumber(dst, a.putTime.Seconds())
	dst = append(dst, `,"time_in_get":`...)
	dst = metadata.AppendNumber(dst, a.getTime.Seconds())
	dst = append(dst, `,"time_in_ingest":0.0,"n_get":`...)
	dst = appendInt(dst, int64(a.gets))
	dst = append(dst, `,"n_put":`...)
	dst = appendInt(dst, int64(a.puts))
	return append(dst, `,"n_ingest":0},"arrays":{},"metadata":{}},`+gcMetrics...)
}

const gcStats = `{"scalars":{},"arrays":{"collections":[0,0,0],"collected":[0,0,0],"uncollectable":[0,0,0]},"metadata":{}}`

const gcMetrics = `"gc_metrics":{"scalars":{"start_isenabled":false,"end_isenabled":false},"arrays":{"start_threshold":[0,0,0],"end_threshold":[0,0,0],` +
	`"start_count":[0,0,0],"end_count":[0,0,0]},"metadata":{"start_stats":` + gcStats + `,"end_stats":` + gcStats + `}}`

// logContext is what all log records of a quantum share.
type logContext struct {
	mdc     [2]formatter.ContextValue
	process int
}

const (
	logName  = "lsst.pipe.base.single_quantum_executor"
	logFile  = "worker.go"
	logPath  = "valet/quantum/executor/worker.go"
	levelInf = 20
	levelErr = 40
)

func (c *logContext) record(at time.Time, level int, message string) formatter.Record {
	name := "INFO"
	if level == levelErr {
		name = "ERROR"
	}
	return formatter.Record{Name: logName, Time: at.UTC().Truncate(time.Microsecond), Message: message, Level: level, LevelName: name,
		Filename: logFile, Pathname: logPath, Line: 1, Process: c.process, ProcessName: "MainProcess", MDC: c.mdc[:]}
}
