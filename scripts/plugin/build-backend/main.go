// Builds the data source's backend as `mage build:backend` does, and with the argument `all` as `mage buildAll` does.
// A program, since mage writes a file into the project's root while it starts: two at a time get in each other's way.
package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/grafana/grafana-plugin-sdk-go/build"
)

func main() {
	if slices.Contains(os.Args[1:], "all") {
		// Panics when a platform fails.
		build.BuildAll()
		return
	}
	if err := (build.Build{}).Backend(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
