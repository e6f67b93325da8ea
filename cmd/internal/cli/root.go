package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// globalOptions are the flags that every command takes.
type globalOptions struct {
	logLevels []string
	logFormat string
	color     string
	quiet     bool
	verbose   bool
}

// addFlags declares the flags that every command takes.
func (g *globalOptions) addFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&g.logLevels, "log-level", nil, "`LEVEL` of log lines, or component=LEVEL; may be repeated (default info)")
	f.StringVar(&g.logFormat, "log-format", "console", "`FORMAT` of log lines: console or json")
	f.StringVar(&g.color, "color", "auto", "`WHEN` to color: auto, always or never; NO_COLOR is respected")
	f.BoolVarP(&g.quiet, "quiet", "q", false, "only errors, no progress")
	f.BoolVarP(&g.verbose, "verbose", "v", false, "log lines of level debug too")
}

// newRootCommand builds the whole command tree.
func newRootCommand(a *App) *cobra.Command {
	root := &cobra.Command{
		Use:   "valet",
		Short: "Run metric pipelines on Butler repositories",
		Long: `valet runs metric pipelines on Butler Gen3 repositories, as pipetask does, and answers questions about the measurements.

What it writes is what the Python stack reads and writes. Names and options are those of butler and pipetask.`,
		Example:       "  valet demo\n  valet run -b REPO -p metrics.yaml -i u/sci -o u/metrics --register-dataset-types",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, args []string) (err error) {
			if a.logs, err = newLogging(a, &a.global); err != nil {
				return err
			}
			return a.profiles.start()
		},
		Version: versionLine(),
	}
	a.global.addFlags(root.PersistentFlags())
	a.profiles.addFlags(root.PersistentFlags())
	root.PersistentFlags().SortFlags = false
	root.SetVersionTemplate(versionText(a))
	root.SetFlagErrorFunc(flagError)
	root.SetUsageTemplate(usageTemplate)
	for _, cmd := range a.commands() {
		cmd.DisableFlagsInUseLine = true
		root.AddCommand(cmd)
	}
	root.AddCommand(newExitCodesTopic())
	root.SetHelpCommand(newHelpCommand())
	exits(root, ExitOK, ExitUsage)
	addCompletion(root)
	return root
}

// unknownCommand is the error of a word that is no command.
func unknownCommand(cmd *cobra.Command, word string) error {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	e := &UsageError{Command: cmd.CommandPath(), Message: fmt.Sprintf("unknown command %q", word)}
	if near := nearest(word, names); near != "" {
		e.Advice = fmt.Sprintf("did you mean '%s %s'?", cmd.CommandPath(), near)
	}
	return e
}

// flagError turns pflag's errors into usage errors, with the flag that was meant where it can be guessed.
func flagError(cmd *cobra.Command, err error) error {
	e := &UsageError{Command: cmd.CommandPath(), Message: err.Error()}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		flag := "--" + invalid.GetFlag().Name
		var number *strconv.NumError
		switch cause := errors.Unwrap(err); {
		case errors.As(cause, &number):
			e.Message = fmt.Sprintf("%s: %q is no number of the kind it takes", flag, invalid.GetValue())
		case cause != nil && strings.HasPrefix(cause.Error(), "--"):
			e.Message = cause.Error()
		case cause != nil:
			e.Message = fmt.Sprintf("%s: %v", flag, cause)
		}
		return e
	}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return e
	}
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		e.Message = fmt.Sprintf("unknown option -%s", name)
		return e
	}
	e.Message = fmt.Sprintf("unknown option --%s", name)
	var names []string
	collect := func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	}
	cmd.Flags().VisitAll(collect)
	cmd.InheritedFlags().VisitAll(collect)
	if near := nearest(strings.TrimSpace(name), names); near != "" {
		e.Advice = fmt.Sprintf("did you mean --%s?", near)
	}
	return e
}

// usagef is a usage error of a command.
func usagef(cmd *cobra.Command, format string, args ...any) *UsageError {
	return &UsageError{Command: cmd.CommandPath(), Message: fmt.Sprintf(format, args...)}
}

// argsBetween checks the number of positional arguments; high < 0 is no limit. names is how the help calls them.
func argsBetween(low, high int, names string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < low:
			return usagef(cmd, "too few arguments: %s expected", names)
		case high >= 0 && len(args) > high:
			if names == "" {
				return usagef(cmd, "unexpected argument %q: the command takes none", args[high])
			}
			return usagef(cmd, "unexpected argument %q: only %s expected", args[high], names)
		}
		return nil
	}
}
