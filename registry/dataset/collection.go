package dataset

import (
	"fmt"
	"regexp"
	"strings"
)

// CollectionKind is the kind of a collection, with the codes that the registry stores (repository.md 6.1).
type CollectionKind int

// The four kinds.
const (
	Run         CollectionKind = 1
	Tagged      CollectionKind = 2
	Chained     CollectionKind = 3
	Calibration CollectionKind = 4
)

func (k CollectionKind) String() string {
	switch k {
	case Run:
		return "RUN"
	case Tagged:
		return "TAGGED"
	case Chained:
		return "CHAINED"
	case Calibration:
		return "CALIBRATION"
	}
	return fmt.Sprintf("kind %d", int(k))
}

// ParseCollectionKind reads a kind's name in any case.
func ParseCollectionKind(s string) (CollectionKind, error) {
	for k := Run; k <= Calibration; k++ {
		if strings.EqualFold(s, k.String()) {
			return k, nil
		}
	}
	return 0, fmt.Errorf("%q is no kind of collection: RUN, TAGGED, CHAINED or CALIBRATION expected", s)
}

// Collection is a named search scope.
type Collection struct {
	Name string
	Kind CollectionKind
	Doc  string
	// Children of a CHAINED collection, in search order; nil for the other kinds.
	Children []string
}

// CollectionNameError says why valet does not create a collection of a name. Existing collections may have any name.
type CollectionNameError struct{ Name, Reason string }

func (e *CollectionNameError) Error() string {
	return fmt.Sprintf("collection name %q %s", e.Name, e.Reason)
}

// Hint tells which names are good.
func (e *CollectionNameError) Hint() string {
	return "use letters, digits and _ . - + @ : = with / between parts, at most 64 characters"
}

var collectionName = regexp.MustCompile(`^[A-Za-z0-9_.\-/+@:=]+$`)

// ValidateCollectionName checks a name that valet is to create. It is stricter than upstream, which takes anything, because file
// paths are made of run names and unusual ones collide (repository.md 6.1, 9.3).
func ValidateCollectionName(name string) error {
	switch {
	case name == "":
		return &CollectionNameError{name, "is empty"}
	case len(name) > 64:
		return &CollectionNameError{name, "has more than 64 characters"}
	case !collectionName.MatchString(name):
		return &CollectionNameError{name, "has a character that does not belong in file paths"}
	}
	for _, part := range strings.Split(name, "/") {
		if part == "" || part == "." || part == ".." {
			return &CollectionNameError{name, "has an empty, '.' or '..' part"}
		}
	}
	return nil
}
