package registry

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
)

// version is the version of a manager's schema.
type version struct{ major, minor, patch int }

func parseVersion(text string) (v version, ok bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return v, false
	}
	for i, p := range []*int{&v.major, &v.minor, &v.patch} {
		n, err := strconv.ParseUint(parts[i], 10, 31)
		if err != nil {
			return v, false
		}
		*p = int(n)
	}
	return v, true
}

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch) }

// accepts reports whether a program of version v may open what is stored with version s (repository.md 2.2).
func (v version) accepts(s version, readOnly bool) bool {
	return s.major == v.major && (s.minor == v.minor || v.minor > s.minor && readOnly)
}

// manager is a manager class that valet stands in for.
type manager struct {
	class    string
	versions []version
}

const managerPrefix = "lsst.daf.butler.registry."

const (
	synthIntKey = managerPrefix + "collections.synthIntKey.SynthIntKeyCollectionManager"
	nameKey     = managerPrefix + "collections.nameKey.NameKeyCollectionManager"
)

// roles are the managers by role, the default first, in the order in which they are checked.
var roles = []struct {
	name     string
	managers []manager
}{
	{"attributes", []manager{{managerPrefix + "attributes.DefaultButlerAttributeManager", []version{{1, 0, 1}}}}},
	{"dimensions", []manager{{managerPrefix + "dimensions.static.StaticDimensionRecordStorageManager", []version{{6, 0, 2}}}}},
	{"collections", []manager{{synthIntKey, []version{{2, 0, 0}}}, {nameKey, []version{{2, 0, 0}}}}},
	{"datasets", []manager{{managerPrefix + "datasets.byDimensions.ByDimensionsDatasetRecordStorageManagerUUID", []version{{2, 0, 0}, {1, 0, 0}}}}},
	{"opaque", []manager{{managerPrefix + "opaque.ByNameOpaqueTableStorageManager", []version{{0, 2, 0}}}}},
	{"datastores", []manager{{managerPrefix + "bridge.monolithic.MonolithicDatastoreRegistryBridgeManager", []version{{0, 2, 1}}}}},
}

// canonical is the one form of a class name: the datasets manager is re-exported, and butler.yaml and the database name it
// differently (repository.md 2.1).
func canonical(class string) string {
	return strings.Replace(class, ".byDimensions._manager.", ".byDimensions.", 1)
}

// stored is the form in which the database names a class.
func stored(class string) string {
	return strings.Replace(class, ".byDimensions.ByDimensions", ".byDimensions._manager.ByDimensions", 1)
}

// check reads butler_attributes and refuses what valet does not know, by name and before anything is written.
func (r *Registry) check(ctx context.Context, o Options) error {
	attributes := map[string]string{}
	err := r.db.Read(ctx, func(c *dialect.Conn) error {
		return c.Each(ctx, "SELECT name, value FROM butler_attributes", nil, func(row []driver.Value) error {
			name, err := dialect.AsString(row[0])
			if err != nil {
				return err
			}
			attributes[name], err = dialect.AsString(row[1])
			return err
		})
	})
	if schema := (*SchemaError)(nil); errors.As(err, &schema) {
		return &CorruptError{Database: r.db.Name, Reason: "it has no table butler_attributes, so it is not a registry", Cause: err}
	}
	if err != nil {
		return fmt.Errorf("read the attributes of the registry: %w", err)
	}
	r.layout = catalog.IntegerKeys
	if len(attributes) > 0 {
		if err := r.checkManagers(attributes, o); err != nil {
			return err
		}
	} else {
		r.log.Warn().Str("database", r.db.Name).Msg("the registry has no attributes")
	}
	text, ok := attributes["config:dimensions.json"]
	if !ok {
		return &VersionError{Manager: "dimensions", Reason: "has no config:dimensions.json in butler_attributes"}
	}
	if r.universe, err = dimension.ParseUniverse([]byte(text)); err != nil {
		return err
	}
	if _, ok := attributes["config:registry.managers.obscore"]; ok {
		r.refuseDatasets = "the repository keeps an ObsCore table, which valet does not maintain"
	}
	return nil
}

func (r *Registry) checkManagers(attributes map[string]string, o Options) error {
	for _, role := range roles {
		configured := o.Managers[role.name]
		if configured == "" {
			configured = role.managers[0].class
		}
		inTable, ok := attributes["config:registry.managers."+role.name]
		if !ok {
			return &VersionError{Manager: role.name, Reason: "is not named in butler_attributes"}
		}
		if canonical(inTable) != canonical(configured) {
			return &VersionError{Manager: role.name, Reason: "is stored as " + inTable + " but configured as " + configured + " in butler.yaml"}
		}
		known := (*manager)(nil)
		for i, m := range role.managers {
			if m.class == canonical(inTable) {
				known = &role.managers[i]
			}
		}
		if known == nil {
			return &VersionError{Manager: inTable, Reason: "is unknown"}
		}
		if err := r.checkVersion(attributes, inTable, *known, o.ReadOnly); err != nil {
			return err
		}
		if known.class == nameKey {
			r.layout = catalog.NameKeys
		}
	}
	r.chooseIngestDate(attributes)
	return nil
}

// checkVersion compares the stored version of one manager. A missing row is upstream's way to say "any".
func (r *Registry) checkVersion(attributes map[string]string, stored string, m manager, readOnly bool) error {
	text, ok := versionOf(attributes, stored)
	if !ok {
		return nil
	}
	var list []string
	for _, v := range m.versions {
		list = append(list, v.String())
	}
	known := strings.Join(list, " and ")
	s, ok := parseVersion(text)
	if !ok {
		return &VersionError{Manager: stored, Stored: text, Known: known, Reason: "has a version that is not three numbers"}
	}
	for _, v := range m.versions {
		if v.accepts(s, readOnly) {
			return nil
		}
	}
	reason := "has an unknown version"
	for _, v := range m.versions {
		if v.accepts(s, true) {
			reason = "has an older version that can only be read"
		}
	}
	return &VersionError{Manager: stored, Stored: text, Known: known, Reason: reason}
}

// versionOf finds the version row of a class in either form of its name.
func versionOf(attributes map[string]string, class string) (string, bool) {
	for name, value := range attributes {
		if rest, ok := strings.CutPrefix(name, "version:"); ok && canonical(rest) == canonical(class) {
			return value, true
		}
	}
	return "", false
}

// chooseIngestDate tells the layouts of the datasets manager apart.
func (r *Registry) chooseIngestDate(attributes map[string]string) {
	text, ok := versionOf(attributes, attributes["config:registry.managers.datasets"])
	if v, valid := parseVersion(text); ok && valid {
		r.layout.TextIngestDate = v.major == 1
	}
}
