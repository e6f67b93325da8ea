package cli

import (
	"context"
	"time"

	"valet/quantum"
)

// runTime is the time of which the name of a new run is made. Names count whole seconds: while a run of the present second is there
// already, the next second is waited for.
func (a *App) runTime(ctx context.Context, src quantum.Source, o *inputOptions) (time.Time, error) {
	const step, most = 50 * time.Millisecond, 2 * time.Second
	for waited := time.Duration(0); ; waited += step {
		now := a.Now()
		if o.output == "" || o.outputRun != "" || o.extendRun || waited >= most {
			return now, nil
		}
		_, exists, err := src.Lookup(ctx, o.output+"/"+now.UTC().Format(quantum.RunTimeFormat))
		if err != nil || !exists {
			return now, err
		}
		select {
		case <-time.After(step):
		case <-ctx.Done():
			return now, context.Cause(ctx)
		}
	}
}
