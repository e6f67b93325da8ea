package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/cmd/internal/web"
	"valet/datastore/butler"
	"valet/registry/dimension"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	repositoryOption
	address string
	hosts   []string
}

// AddFlags declares the flags.
func (o *serveOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.address, "addr", web.DefaultAddress, "`HOST:PORT` to listen on; port 0 is one that is free")
	f.StringSliceVar(&o.hosts, "host", nil, "a further `NAME` of this machine that browsers may use; may be repeated")
	o.repositoryOption.AddFlags(f)
}

func newServeCommand(a *App) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve REPO [OPTIONS]",
		Short: "Show runs and measurements in the browser",
		Long: `Serve is a dashboard of the repository in the browser: runs and their progress while they go on, failures with their logs, quanta,
measurements as histograms, focal planes, series and heat maps, filtered in the query language, and comparisons of runs. What a page
shows is in its address; with ?format=json it is data. /metrics is for Prometheus. No network is needed.

It only reads, and answers only this machine unless --addr names an address of the network: then everybody who reaches that address
can see the repository, without a password. Ctrl-C ends it.`,
		Example: `  valet serve REPO
  valet serve REPO --addr 127.0.0.1:0`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, _, err := o.take(cmd, args, 0, 0, "")
			if err != nil {
				return err
			}
			return a.withButler(cmd.Context(), repo, func(b *butler.Butler) error { return a.runServe(cmd, &o, b, repo) })
		},
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

func (a *App) runServe(cmd *cobra.Command, o *serveOptions, b *butler.Butler, repo string) error {
	ctx := cmd.Context()
	l, err := web.Listen(ctx, o.address)
	if err != nil {
		return err
	}
	log := a.Log("web")
	if !web.IsLoopback(l.Addr().String()) {
		log.Warn().Str("address", l.Addr().String()).Msg("everybody who reaches this address can see the repository")
	}
	s := web.New(web.Options{Butler: b, Repository: repo, Program: a.program(), Version: versionLine(), Hosts: o.hosts, Log: log, Explain: reasonWords,
		Untried: func(ctx context.Context, run, task string, id dimension.DataID) (state, why string, err error) {
			r, err := a.findRun(ctx, b, repo, run)
			if err != nil {
				return "", "", err
			}
			f, err := a.untried(ctx, r, task, id)
			return f.state, f.words, err
		}})
	fmt.Fprintln(a.Stdout, web.URL(l))
	if !a.global.quiet {
		fmt.Fprintln(a.Stderr, "the dashboard is at the address above; Ctrl-C ends it")
	}
	return s.Serve(ctx, l)
}
