package python

// evaluator computes the values of nodes. Its functions say what the subset at hand allows beyond literals and displays.
type evaluator struct {
	// name gives a name's value.
	name func(n *node) (Value, error)
	// negate is the unary minus.
	negate func(v Value) (Value, error)
	// sums allows +, unary and binary, and f-strings without expressions.
	sums bool
	// logic allows comparisons, not, and, or.
	logic bool
	// other evaluates attributes, calls and indices; nil refuses them.
	other func(n *node) (Value, error)
}

func (e *evaluator) eval(n *node) (Value, error) {
	switch n.kind {
	case constantNode:
		if n.format && !e.sums {
			return nil, n.unsupported("an f-string")
		}
		return n.value, nil
	case nameNode:
		return e.name(n)
	case attributeNode, callNode, indexNode:
		if e.other == nil {
			return nil, n.unsupported(n.describe())
		}
		return e.other(n)
	case listNode:
		return e.items(n.args)
	case tupleNode:
		items, err := e.items(n.args)
		return Tuple(items), err
	case setNode:
		return e.set(n)
	case dictNode:
		return e.dict(n)
	case negateNode:
		v, err := e.eval(n.args[0])
		if err != nil {
			return nil, err
		}
		return e.negate(v)
	}
	switch {
	case e.sums && n.kind == plusNode:
		v, err := e.eval(n.args[0])
		if err != nil {
			return nil, err
		}
		return plus(v)
	case e.sums && n.kind == addNode:
		return e.sum(n)
	case e.logic && n.kind == notNode:
		v, err := e.eval(n.args[0])
		return !truth(v), err
	case e.logic && n.kind == compareNode:
		return e.compare(n)
	case e.logic && (n.kind == andNode || n.kind == orNode):
		return e.choice(n)
	}
	return nil, n.unsupported(n.describe())
}

func (e *evaluator) items(nodes []*node) ([]Value, error) {
	items := make([]Value, len(nodes))
	for i, n := range nodes {
		v, err := e.eval(n)
		if err != nil {
			return nil, err
		}
		items[i] = v
	}
	return items, nil
}

func (e *evaluator) set(n *node) (Value, error) {
	seen := make(map[string]bool, len(n.args))
	set := make(Set, 0, len(n.args))
	for _, arg := range n.args {
		v, err := e.eval(arg)
		if err != nil {
			return nil, err
		}
		key, err := hashKey(v)
		if err != nil {
			return nil, err
		}
		if !seen[key] {
			seen[key] = true
			set = append(set, v)
		}
	}
	return set, nil
}

// dict keeps the first of equal keys at its place, with the last value.
func (e *evaluator) dict(n *node) (Value, error) {
	index := make(map[string]int, len(n.args)/2)
	m := &Mapping{}
	for i := 0; i < len(n.args); i += 2 {
		k, err := e.eval(n.args[i])
		if err != nil {
			return nil, err
		}
		v, err := e.eval(n.args[i+1])
		if err != nil {
			return nil, err
		}
		key, err := hashKey(k)
		if err != nil {
			return nil, err
		}
		if at, ok := index[key]; ok {
			m.Pairs[at].Value = v
			continue
		}
		index[key] = len(m.Pairs)
		m.Pairs = append(m.Pairs, Pair{k, v})
	}
	return m, nil
}

func (e *evaluator) sum(n *node) (Value, error) {
	total, err := e.eval(n.args[0])
	if err != nil {
		return nil, err
	}
	for _, arg := range n.args[1:] {
		v, err := e.eval(arg)
		if err != nil {
			return nil, err
		}
		var ok bool
		if total, ok, err = add(total, v); err != nil {
			return nil, err
		}
		if !ok {
			return nil, n.unsupported("arithmetic with +")
		}
	}
	return total, nil
}

// choice evaluates and, or: the first operand that decides, else the last.
func (e *evaluator) choice(n *node) (v Value, err error) {
	for _, arg := range n.args {
		if v, err = e.eval(arg); err != nil {
			return nil, err
		}
		if truth(v) == (n.kind == orNode) {
			return v, nil
		}
	}
	return v, nil
}

// compare evaluates a chain of comparisons up to the first that is false.
func (e *evaluator) compare(n *node) (Value, error) {
	left, err := e.eval(n.args[0])
	if err != nil {
		return nil, err
	}
	for i, op := range n.ops {
		right, err := e.eval(n.args[i+1])
		if err != nil {
			return nil, err
		}
		holds, err := e.operator(n, op, left, right)
		if err != nil || !holds {
			return false, err
		}
		left = right
	}
	return true, nil
}

func (e *evaluator) operator(n *node, op string, a, b Value) (bool, error) {
	switch op {
	case "==":
		return Equal(a, b), nil
	case "!=":
		return !Equal(a, b), nil
	case "in":
		return contains(a, b)
	case "not in":
		found, err := contains(a, b)
		return !found, err
	case "is", "is not":
		// Which objects are one is an accident of the interpreter, except for those that exist once.
		if !singleton(a) && !singleton(b) {
			return false, n.unsupported("the identity of values")
		}
		return (singleton(a) && singleton(b) && a == b) == (op == "is"), nil
	}
	return less(op, a, b)
}

func singleton(v Value) bool {
	switch v.(type) {
	case nil, bool, Ellipsis:
		return true
	}
	return false
}
