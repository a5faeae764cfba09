package model

import (
	"regexp"
	"strings"
)

var placeholder = regexp.MustCompile(`\{\{\s*([^{}]+?)\s*\}\}`)

// Render fills the placeholders of an alias: {{segment}} by the label, {{metric}}, {{measure}}, {{stat}} by the words
// given. Unknown ones are removed; a label wins over a word of the same name.
func Render(alias string, labels map[string]string, words map[string]string) string {
	return placeholder.ReplaceAllStringFunc(alias, func(match string) string {
		name := strings.TrimSpace(match[2 : len(match)-2])
		if value, ok := labels[name]; ok {
			return value
		}
		return words[name]
	})
}
