package plugin

import (
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/frames/framestest"
)

// checkDataplane fails where a rule or a SQL expression would refuse the frames; tables are not for rules, bands of more
// than one series for neither.
func checkDataplane(t *testing.T, all data.Frames) {
	t.Helper()
	if err := framestest.ReadAsSQL(all); err != nil && !areBands(all) {
		t.Errorf("a SQL expression refuses the frames: %v", err)
	}
	if all[0].Meta.Type == data.FrameTypeTable || all[0].Meta.Type == "" {
		return
	}
	if _, err := framestest.ReadAsRule(all); err != nil {
		t.Errorf("a rule refuses the frames: %v", err)
	}
}

func areBands(all data.Frames) bool {
	_, at := all[0].FieldByName("Expected")
	return at >= 0
}
