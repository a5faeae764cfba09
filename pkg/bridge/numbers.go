package bridge

import (
	"bytes"
	"fmt"
	"strconv"
)

// Numbers is a JSON list of numbers and nulls. A million of them take one allocation each for the numbers and the
// pointers, not one for every number.
type Numbers []*float64

// UnmarshalJSON reads the list; every number keeps its bits.
func (n *Numbers) UnmarshalJSON(raw []byte) error {
	body := bytes.TrimSpace(raw)
	if bytes.Equal(body, []byte("null")) {
		*n = nil
		return nil
	}
	if len(body) < 2 || body[0] != '[' || body[len(body)-1] != ']' {
		return fmt.Errorf("a list of numbers was expected")
	}
	body = bytes.TrimSpace(body[1 : len(body)-1])
	if len(body) == 0 {
		*n = Numbers{}
		return nil
	}
	count := bytes.Count(body, []byte{','}) + 1
	values := make([]float64, 0, count)
	pointers := make(Numbers, 0, count)
	for item := range bytes.SplitSeq(body, []byte{','}) {
		item = bytes.TrimSpace(item)
		if bytes.Equal(item, []byte("null")) {
			pointers = append(pointers, nil)
			continue
		}
		value, err := strconv.ParseFloat(string(item), 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", item)
		}
		values = append(values, value)
		pointers = append(pointers, &values[len(values)-1])
	}
	*n = pointers
	return nil
}
