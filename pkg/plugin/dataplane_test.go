package plugin

import (
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/frames/framestest"
)

// checkDataplane fails where a rule would refuse the frames; tables and bands are not for rules.
func checkDataplane(t *testing.T, all data.Frames) {
	t.Helper()
	if all[0].Meta.Type == data.FrameTypeTable || all[0].Meta.Type == "" {
		return
	}
	if _, err := framestest.ReadAsRule(all); err != nil {
		t.Errorf("a rule refuses the frames: %v", err)
	}
}
