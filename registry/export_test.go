package registry

import "fmt"

// LimitPages lets the database of a transaction's connection grow no further.
func LimitPages(tx *Tx) error {
	row, err := tx.conn.Row(tx.ctx, "PRAGMA page_count")
	if err != nil {
		return err
	}
	_, err = tx.conn.Row(tx.ctx, "PRAGMA max_page_count = "+fmt.Sprint(row[0]))
	return err
}
