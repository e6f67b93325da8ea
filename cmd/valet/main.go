// Command valet runs metric pipelines on Butler repositories. Everything it does is in package cli.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"valet/cmd/internal/cli"
	"valet/tasks/verify"
)

func main() {
	// Two signals decide something; more than that may be dropped.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	app := &cli.App{
		Program:   os.Args[0],
		Args:      os.Args[1:],
		Stdin:     os.Stdin,
		Stdout:    os.Stdout,
		Stderr:    os.Stderr,
		LookupEnv: os.LookupEnv,
		Now:       time.Now,
		Tasks:     verify.Table(),
		Signals:   signals,
	}
	os.Exit(app.Main(context.Background()))
}
