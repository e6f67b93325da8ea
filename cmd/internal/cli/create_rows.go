package cli

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// fileRow is one row of a file: named values, or why it cannot be read.
type fileRow struct {
	// at is the row's line, or its number in a JSON array.
	at     int
	values map[string]any
	err    error
}

// rowFile reads rows from a .json, .jsonl or .csv file, as often as it is asked to, without keeping them.
type rowFile struct {
	path string
	// err says why the last reading ended before the end of the file.
	err error
}

func (f *rowFile) rows() iter.Seq[fileRow] {
	return func(yield func(fileRow) bool) {
		f.err = f.read(yield)
		if f.err != nil {
			f.err = fmt.Errorf("read %s: %w", f.path, f.err)
		}
	}
}

// maxLine bounds the length of a line.
const maxLine = 16 << 20

func (f *rowFile) read(yield func(fileRow) bool) error {
	in, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer in.Close()
	switch strings.ToLower(filepath.Ext(f.path)) {
	case ".json":
		return readArray(bufio.NewReader(in), yield)
	case ".jsonl":
		return readLines(in, yield)
	case ".csv":
		return readCSV(in, yield)
	}
	return errors.New("its name ends in none of .json, .jsonl and .csv")
}

func readArray(in io.Reader, yield func(fileRow) bool) error {
	d := json.NewDecoder(in)
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return errors.Join(errors.New("a JSON array of objects is expected"), err)
	}
	for at := 1; d.More(); at++ {
		row := fileRow{at: at}
		var wrong *json.UnmarshalTypeError
		if err := d.Decode(&row.values); errors.As(err, &wrong) {
			row.err = fmt.Errorf("is no object but a %s", wrong.Value)
		} else if err != nil {
			return err
		}
		if !yield(row) {
			return nil
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	return nil
}

func readLines(in io.Reader, yield func(fileRow) bool) error {
	s := bufio.NewScanner(in)
	s.Buffer(nil, maxLine)
	for at := 1; s.Scan(); at++ {
		if len(strings.TrimSpace(s.Text())) == 0 {
			continue
		}
		row := fileRow{at: at}
		d := json.NewDecoder(strings.NewReader(s.Text()))
		d.UseNumber()
		if row.err = d.Decode(&row.values); row.err == nil && d.More() {
			row.err = errors.New("more than one object on a line")
		} else if row.err != nil {
			row.err = fmt.Errorf("is no JSON object: %w", row.err)
		}
		if !yield(row) {
			return nil
		}
	}
	return s.Err()
}

func readCSV(in io.Reader, yield func(fileRow) bool) error {
	r := csv.NewReader(bufio.NewReader(in))
	r.ReuseRecord = true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return errors.New("the header is missing")
	} else if err != nil {
		return err
	}
	names := map[string]bool{}
	columns := make([]string, len(header))
	for i, name := range header {
		columns[i] = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		if columns[i] == "" || names[columns[i]] {
			return fmt.Errorf("column %q of the header is empty or there twice", columns[i])
		}
		names[columns[i]] = true
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		row := fileRow{}
		row.at, _ = r.FieldPos(0)
		if errors.Is(err, csv.ErrFieldCount) {
			row.err = fmt.Errorf("has %d cells, the header %d", len(cells), len(columns))
		} else if err != nil {
			return err
		} else {
			row.values = make(map[string]any, len(cells))
			for i, cell := range cells {
				if cell != "" {
					row.values[columns[i]] = cell
				}
			}
		}
		if !yield(row) {
			return nil
		}
	}
}
