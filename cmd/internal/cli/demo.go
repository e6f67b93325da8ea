package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// demoOptions are the flags of demo.
type demoOptions struct {
	keep string
}

func newDemoCommand(a *App) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo [--keep DIR]",
		Short: "Run the main job on a small example repository",
		Long: `Demo copies an embedded example repository of real data into a temporary directory (or DIR), runs the main job on it, the peak
memory of diaPipe:diaForcedSource.run for every visit and detector, prints the measurements and their distribution, and says
where everything is and what to type next. It needs no network.`,
		Example: "  valet demo\n  valet demo --keep /data/example",
		Args:    argsBetween(0, 0, ""),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.runDemo(cmd.Context(), &o) },
	}
	cmd.Flags().StringVar(&o.keep, "keep", "", "make the repository in `DIR`, which must be new or empty, instead of a temporary directory")
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitTryAgain, ExitInterrupted)
	return cmd
}

func (a *App) runDemo(ctx context.Context, o *demoOptions) error {
	return errNotBuilt("demo")
}
