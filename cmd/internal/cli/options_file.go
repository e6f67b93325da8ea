package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// addOptionsFile declares --options-file of a command that takes it and reads the file before the command runs.
func addOptionsFile(cmd *cobra.Command) {
	var file string
	cmd.Flags().StringVarP(&file, "options-file", "@", "", "YAML `FILE` of options: command names, and below each its long options")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if file != "" {
			if err := readOptions(cmd, file); err != nil {
				return err
			}
		}
		return run(cmd, args)
	}
}

// readOptions sets the options of a command that a file gives and the command line does not (queries.md 10). Errors are
// *UsageError.
func readOptions(cmd *cobra.Command, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return usagef(cmd, "--options-file: %v", err)
	}
	var commands map[string]yaml.Node
	if err := yaml.Unmarshal(text, &commands); err != nil {
		return usagef(cmd, "--options-file: %s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	node, ok := commands[cmd.Name()]
	if !ok {
		return usagef(cmd, "--options-file: %s has no options of %s", file, cmd.Name())
	}
	if node.Kind != yaml.MappingNode {
		return usagef(cmd, "--options-file: %s:%d: a mapping of options is expected below %s", file, node.Line, cmd.Name())
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		at := fmt.Sprintf("--options-file: %s:%d: ", file, key.Line)
		flag := cmd.Flags().Lookup(key.Value)
		if flag == nil || key.Value == "options-file" || key.Value == "help" {
			return usagef(cmd, "%s%s is no option of %s", at, key.Value, cmd.Name())
		}
		if flag.Changed {
			continue
		}
		if err := setOption(flag, value); err != nil {
			return usagef(cmd, "%s%s: %v", at, key.Value, err)
		}
		flag.Changed = true
	}
	return nil
}

// setOption sets an option to a value of YAML: a scalar, or a list for options that may be repeated.
func setOption(flag *pflag.Flag, node *yaml.Node) error {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch node.Kind {
	case yaml.ScalarNode:
		return flag.Value.Set(node.Value)
	case yaml.SequenceNode:
		var texts []string
		for _, item := range node.Content {
			if item.Kind != yaml.ScalarNode {
				return errors.New("a list of texts is expected")
			}
			texts = append(texts, item.Value)
		}
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			return list.Replace(texts)
		}
	}
	return errors.New("one value is expected")
}
