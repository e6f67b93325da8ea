package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// usageTemplate is cobra's layout in our words, with the exit codes at the end.
const usageTemplate = `Usage:
  {{if .HasAvailableSubCommands}}{{.CommandPath}} COMMAND [OPTIONS]{{else}}{{.UseLine}}{{end}}
{{- if .HasExample}}

Examples:
{{.Example}}{{end}}
{{- if .HasAvailableSubCommands}}

Commands:
{{- range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}
{{- if .HasAvailableLocalFlags}}

Options:
{{.LocalFlags.FlagUsagesWrapped 120 | trimTrailingWhitespaces}}{{end}}
{{- if .HasAvailableInheritedFlags}}

Options of all commands:
{{.InheritedFlags.FlagUsagesWrapped 120 | trimTrailingWhitespaces}}{{end}}
{{- with index .Annotations "exit-codes"}}

Exit codes:
{{.}}{{end}}
{{- if .HasAvailableSubCommands}}

See '{{.CommandPath}} COMMAND --help' for a command, 'valet help exit-codes' for all exit codes.{{end}}
`

// exits notes the exit codes of a command for its help.
func exits(cmd *cobra.Command, codes ...int) {
	var b strings.Builder
	writeExitCodes(&b, codes)
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations["exit-codes"] = strings.TrimRight(b.String(), "\n")
}

// newExitCodesTopic is the help topic with the table of exit codes.
func newExitCodesTopic() *cobra.Command {
	var b strings.Builder
	b.WriteString("Exit codes of valet:\n\n")
	codes := make([]int, len(exitMeanings))
	for i, m := range exitMeanings {
		codes[i] = m.code
	}
	writeExitCodes(&b, codes)
	cmd := &cobra.Command{Use: "exit-codes", Short: "The exit codes of valet", Long: strings.TrimRight(b.String(), "\n")}
	cmd.SetUsageTemplate("")
	return cmd
}

// newHelpCommand is "valet help [COMMAND|TOPIC]".
func newHelpCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "help [COMMAND|TOPIC]",
		Short:   "Help about a command, or about the topic exit-codes",
		Example: "  valet help run\n  valet help exit-codes",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, c := range cmd.Root().Commands() {
				if len(args) == 0 && !c.Hidden && strings.HasPrefix(c.Name(), toComplete) {
					names = append(names, fmt.Sprintf("%s\t%s", c.Name(), c.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			found, rest, err := root.Find(args)
			if err != nil || found == nil || len(rest) > 0 {
				if len(rest) == 0 {
					rest = args
				}
				return unknownTopic(root, rest[0])
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
	exits(cmd, ExitOK, ExitUsage)
	return cmd
}

// unknownTopic is the error of a word that is neither a command nor a help topic.
func unknownTopic(root *cobra.Command, word string) error {
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	e := &UsageError{Command: root.CommandPath(), Message: fmt.Sprintf("unknown command or topic %q", word)}
	if near := nearest(word, names); near != "" {
		e.Advice = fmt.Sprintf("did you mean '%s help %s'?", root.CommandPath(), near)
	}
	return e
}

// addCompletion adds cobra's completion commands, with the exit codes and examples that our commands have.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	completion, _, err := root.Find([]string{"completion"})
	if err != nil || completion == root {
		return
	}
	completion.Short = "Generate the completion script of a shell"
	completion.Example = "  source <(valet completion bash)"
	exits(completion, ExitOK, ExitUsage)
	for _, shell := range completion.Commands() {
		shell.Example = fmt.Sprintf("  valet completion %s > FILE", shell.Name())
		exits(shell, ExitOK, ExitUsage)
	}
}
