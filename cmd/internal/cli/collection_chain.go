package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
)

// chainModes are what collection-chain can do, as with butler.
var chainModes = []string{"redefine", "extend", "remove", "prepend", "pop"}

func newCollectionChainCommand(a *App) *cobra.Command {
	var o repositoryOption
	var mode, doc string
	var flatten bool
	cmd := &cobra.Command{
		Use:   "collection-chain REPO PARENT [CHILD..] [OPTIONS]",
		Short: "Make or change a chain of collections",
		Long: `Collection-chain defines the children of a chain, which is made if it is new, and prints them. Mode redefine replaces all children, extend
appends and prepend puts in front (children that are in the chain move), remove takes out the named ones, pop those at the given positions:
0 is the first, -1 the last, none means the first.`,
		Example: "  valet collection-chain REPO u/sci u/run2 u/run1\n  valet collection-chain REPO u/sci u/run3 --mode prepend",
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 1, -1, "REPO PARENT CHILD")
			if err != nil {
				return err
			}
			if !slices.Contains(chainModes, mode) {
				return usagef(cmd, "--mode: %q is none of %s", mode, strings.Join(chainModes, ", "))
			}
			parent, children := rest[0], splitCommas(rest[1:])
			if len(children) == 0 && mode != "pop" && mode != "redefine" {
				return usagef(cmd, "no CHILD to %s", mode)
			}
			return a.changeButler(cmd.Context(), repo, func(b *butler.Butler) error {
				if flatten {
					list, err := b.Registry.Flatten(cmd.Context(), children...)
					if err != nil {
						return err
					}
					children = collectionNames(list)
				}
				var now []string
				err := b.Registry.Write(cmd.Context(), func(tx *registry.Tx) (err error) {
					now, err = editChain(cmd, tx, parent, mode, doc, children)
					return err
				})
				if err == nil {
					_, err = fmt.Fprintln(a.Stdout, pythonList(now))
				}
				return err
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&mode, "mode", "redefine", "`WHAT` to do: "+strings.Join(chainModes, ", "))
	cmd.Flags().StringVar(&doc, "doc", "", "`TEXT` that describes the chain")
	cmd.Flags().BoolVar(&flatten, "flatten", false, "children that are chains are replaced by theirs")
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

// editChain changes a chain in a transaction and returns its children.
func editChain(cmd *cobra.Command, tx *registry.Tx, parent, mode, doc string, given []string) ([]string, error) {
	made, err := false, error(nil)
	if mode != "remove" && mode != "pop" {
		if made, err = tx.RegisterCollection(parent, dataset.Chained, doc); err != nil {
			return nil, err
		}
	}
	if cmd.Flags().Changed("doc") && !made {
		if err := tx.SetDoc(parent, doc); err != nil {
			return nil, err
		}
	}
	c, err := tx.Collection(parent)
	if err != nil {
		return nil, err
	}
	if c.Kind != dataset.Chained {
		return nil, &registry.CollectionKindError{Name: parent, Is: c.Kind, Expected: dataset.Chained}
	}
	others := slices.DeleteFunc(slices.Clone(c.Children), func(n string) bool { return slices.Contains(given, n) })
	children := given
	switch mode {
	case "extend":
		children = append(others, given...)
	case "prepend":
		children = append(slices.Clone(given), others...)
	case "remove":
		for _, name := range given {
			if !slices.Contains(c.Children, name) {
				return nil, &classError{class: "ValueError", reason: fmt.Sprintf("chain %q has no child %q", parent, name), hint: "nothing was changed"}
			}
		}
		children = others
	case "pop":
		if len(given) == 0 {
			given = []string{"0"}
		}
		gone := map[int]bool{}
		for _, text := range given {
			i, err := strconv.Atoi(text)
			if err != nil {
				return nil, usagef(cmd, "%q is no position in the chain", text)
			}
			if i < 0 {
				i += len(c.Children)
			}
			if i < 0 || i >= len(c.Children) {
				return nil, &classError{class: "IndexError", reason: fmt.Sprintf("chain %q has %d children, none at position %s", parent, len(c.Children), text), hint: "nothing was changed"}
			}
			gone[i] = true
		}
		children = nil
		for i, name := range c.Children {
			if !gone[i] {
				children = append(children, name)
			}
		}
	}
	if err := tx.SetChain(parent, children); err != nil {
		return nil, err
	}
	c, err = tx.Collection(parent)
	if err != nil {
		return nil, err
	}
	return c.Children, nil
}
