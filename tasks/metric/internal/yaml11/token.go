package yaml11

type tokenKind uint8

const (
	tokStreamEnd tokenKind = iota
	tokDirective
	tokDocumentStart
	tokDocumentEnd
	tokBlockSequence
	tokBlockMapping
	tokBlockEnd
	tokFlowSequence
	tokFlowMapping
	tokFlowSequenceEnd
	tokFlowMappingEnd
	tokBlockEntry
	tokFlowEntry
	tokKey
	tokValue
	tokAlias
	tokAnchor
	tokTag
	tokScalar
)

var tokenNames = [...]string{"the end of the text", "a directive", "'---'", "'...'", "a block sequence", "a block mapping", "the end of the block",
	"'['", "'{'", "']'", "'}'", "'-'", "','", "'?'", "':'", "an alias", "an anchor", "a tag", "a scalar"}

func (k tokenKind) String() string { return tokenNames[k] }

type token struct {
	kind  tokenKind
	plain bool // scalar without quotes or block indicator
	at    mark
	text  string // scalar value, anchor or alias name, tag suffix, directive name
	other string // tag handle; directive: version or tag handle
	last  string // directive: tag prefix
}

// simpleKey is a token that may turn out to be a mapping key when a ':' follows.
type simpleKey struct {
	possible bool
	required bool // it stands at the block's indent, where nothing but a key may stand
	number   int  // of the token, counted over the whole text
	index    int  // in characters
	at       mark
}

// maxSimpleKey is the longest distance in characters between a key and its ':'.
const maxSimpleKey = 1024
