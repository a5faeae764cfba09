// Readframes reads answers of the backend, as it sends them, with the SDK's own readers. Standard input: a JSON object
// of answers by name, each a list of frames in Arrow's form, in base64. Standard output: of each what a rule makes of
// it. Tests of the built backend call it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/frames/framestest"
)

type reading struct {
	Values []value `json:"values"`          // empty: no data
	Error  string  `json:"error,omitempty"` // why a rule would refuse the frames
}

type value struct {
	Labels  data.Labels `json:"labels"`
	Times   []int64     `json:"times,omitempty"` // milliseconds; absent for a number
	Numbers []*string   `json:"numbers"`         // with every digit, NaN and Inf by name
}

func main() {
	var answers map[string][][]byte
	if err := json.NewDecoder(os.Stdin).Decode(&answers); err != nil {
		fail(err)
	}
	readings := map[string]reading{}
	for name, encoded := range answers {
		readings[name] = read(encoded)
	}
	if err := json.NewEncoder(os.Stdout).Encode(readings); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func read(encoded [][]byte) reading {
	all, err := data.UnmarshalArrowFrames(encoded)
	if err != nil {
		return reading{Error: err.Error()}
	}
	values, err := framestest.ReadAsRule(all)
	if err != nil {
		return reading{Error: err.Error()}
	}
	told := []value{}
	for _, one := range values {
		next := value{Labels: one.Labels}
		for _, at := range one.Times {
			next.Times = append(next.Times, at.UnixMilli())
		}
		for _, number := range one.Values {
			next.Numbers = append(next.Numbers, textOf(number))
		}
		told = append(told, next)
	}
	return reading{Values: told}
}

func textOf(number *float64) *string {
	if number == nil {
		return nil
	}
	text := strconv.FormatFloat(*number, 'g', -1, 64)
	return &text
}
