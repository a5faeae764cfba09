import { locationService } from '@grafana/runtime';
import { VizPanelMenu } from '@grafana/scenes';

/** The panel's menu: its editor. */
export function panelMenu(id: number): VizPanelMenu {
  return new VizPanelMenu({
    items: [
      {
        text: 'Edit',
        iconClassName: 'eye',
        shortcut: 'e',
        onClick: () => locationService.partial({ editPanel: String(id) }),
      },
    ],
  });
}
