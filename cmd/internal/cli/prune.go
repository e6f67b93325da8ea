package cli

import (
	"context"
	"errors"

	"valet/datastore/butler"
	"valet/quantum"
)

// whilePruning does f, which prunes the run that is replaced, if one is, while no other process writes to that run. What the ledger
// knows of a purged run is forgotten with it.
func (a *App) whilePruning(ctx context.Context, b *butler.Butler, c *quantum.Collections, f func() error) error {
	if c.Prune == "" {
		return f()
	}
	old := a.newExecution(b)
	if err := old.acquire(ctx, c.Replaced); err != nil {
		return err
	}
	err := f()
	if err := errors.Join(err, old.close()); err != nil || c.Prune != quantum.Purge {
		return err
	}
	return old.ledger.Forget(ctx, c.Replaced)
}
