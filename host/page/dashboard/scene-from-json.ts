import { CoreApp, type DataQueryRequest } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import {
  behaviors,
  dataLayers,
  EmbeddedScene,
  SceneControlsSpacer,
  SceneDataLayerSet,
  SceneDataTransformer,
  SceneGridItem,
  SceneGridLayout,
  sceneGraph,
  SceneGridRow,
  SceneQueryRunner,
  SceneRefreshPicker,
  SceneTimePicker,
  SceneTimeRange,
  SceneVariableSet,
  VariableValueSelectors,
  VizPanel,
  VizPanelMenu,
  type SceneGridItemLike,
  type SceneObject,
  type SceneVariable,
} from '@grafana/scenes';
import { DashboardCursorSync } from '@grafana/schema';
import { AnnotationSwitches } from './annotation-switches';
import type { DashboardJson, PanelJson } from './dashboard-json';
import { PanelNotices } from './panel-notices';
import { variableFrom } from './variables-from-json';

const panelKey = (id: number): string => `panel-${id}`;

/** A dashboard as a scene; its requests say what asks, as Grafana's dashboards do. */
export class HostDashboard extends EmbeddedScene {
  constructor(
    private readonly json: DashboardJson,
    state: ConstructorParameters<typeof EmbeddedScene>[0],
  ) {
    super(state);
    this.addActivationHandler(() => {
      // Where @grafana/scenes and the template service look for the dashboard that is shown.
      window.__grafanaSceneContext = this;
      return () => {
        if (window.__grafanaSceneContext === this) window.__grafanaSceneContext = undefined;
      };
    });
  }

  enrichDataRequest(source: SceneObject): Partial<DataQueryRequest> {
    let panel: SceneObject | undefined = source;
    while (panel !== undefined && !(panel instanceof VizPanel)) panel = panel.parent;
    const inPanel =
      panel === undefined
        ? {}
        : {
            panelId: Number(panel.state.key?.replace('panel-', '')),
            panelName: panel.state.title,
            panelPluginId: panel.state.pluginId,
          };
    return {
      app: CoreApp.Dashboard,
      dashboardUID: this.json.uid,
      dashboardTitle: this.json.title,
      ...inPanel,
    };
  }
}

function panelData(json: PanelJson): SceneDataTransformer | undefined {
  if (json.targets === undefined || json.targets.length === 0) return undefined;
  return new SceneDataTransformer({
    $data: new SceneQueryRunner({
      queries: [...json.targets],
      dataLayerFilter: { panelId: json.id },
      ...(json.datasource ? { datasource: json.datasource } : {}),
    }),
    transformations: [...(json.transformations ?? [])],
  });
}

/** A panel of the dashboard by its number, those in closed rows too. */
export const panelOf = (scene: HostDashboard, id: number): VizPanel | undefined => {
  const found = sceneGraph.findByKey(scene, panelKey(id));
  return found instanceof VizPanel ? found : undefined;
};

/** One panel with its data. */
function vizPanel(json: PanelJson): VizPanel {
  const title = json.title ?? '';
  const data = panelData(json);
  return new VizPanel({
    key: panelKey(json.id),
    pluginId: json.type,
    title,
    hoverHeader: title === '',
    options: json.options ?? {},
    fieldConfig: json.fieldConfig ?? { defaults: {}, overrides: [] },
    menu: new VizPanelMenu({
      items: [
        {
          text: 'Edit',
          iconClassName: 'eye',
          shortcut: 'e',
          onClick: () => locationService.partial({ editPanel: String(json.id) }),
        },
      ],
    }),
    titleItems: new PanelNotices({}),
    ...(json.description === undefined ? {} : { description: json.description }),
    ...(data === undefined ? {} : { $data: data }),
  });
}

const placed = (json: PanelJson): SceneGridItem => {
  const { x, y, w, h } = json.gridPos;
  return new SceneGridItem({
    x,
    y,
    width: w,
    height: h,
    isResizable: false,
    isDraggable: false,
    body: vizPanel(json),
  });
};

/** Panels after a row belong to it, up to the next one; a closed row carries its own. */
function gridItems(panels: readonly PanelJson[]): SceneGridItemLike[] {
  const items: SceneGridItemLike[] = [];
  let row: SceneGridRow | undefined;
  for (const panel of panels) {
    if (panel.type === 'row') {
      row = new SceneGridRow({
        key: panelKey(panel.id),
        title: panel.title ?? '',
        isCollapsed: panel.collapsed ?? false,
        y: panel.gridPos.y,
        children: (panel.panels ?? []).map(placed),
      });
      items.push(row);
    } else if (row === undefined) items.push(placed(panel));
    else row.setState({ children: [...row.state.children, placed(panel)] });
  }
  return items;
}

const isVariable = (variable: SceneVariable | undefined): variable is SceneVariable => variable !== undefined;

/** The scene of a dashboard's JSON. */
export function sceneFrom(json: DashboardJson): HostDashboard {
  const layers = (json.annotations?.list ?? [])
    // Grafana's own annotations are kept in its database.
    .filter(({ builtIn, datasource }) => builtIn !== 1 && datasource?.uid !== '-- Grafana --')
    .map(
      (query) =>
        new dataLayers.AnnotationsDataLayer({
          key: `annotations-${query.name}`,
          name: query.name,
          query,
          isEnabled: query.enable,
          isHidden: query.hide ?? false,
        }),
    );
  const intervals = json.timepicker?.refresh_intervals;
  return new HostDashboard(json, {
    $timeRange: new SceneTimeRange({
      from: json.time?.from ?? 'now-1h',
      to: json.time?.to ?? 'now',
      ...(json.timezone === undefined || json.timezone === '' ? {} : { timeZone: json.timezone }),
    }),
    $variables: new SceneVariableSet({
      variables: (json.templating?.list ?? []).map(variableFrom).filter(isVariable),
    }),
    $data: new SceneDataLayerSet({ layers }),
    $behaviors: [new behaviors.CursorSync({ sync: DashboardCursorSync.Off })],
    controls: [
      new VariableValueSelectors({}),
      new AnnotationSwitches({}),
      new SceneControlsSpacer(),
      new SceneTimePicker({}),
      new SceneRefreshPicker({
        refresh: typeof json.refresh === 'string' ? json.refresh : '',
        withText: true,
        ...(intervals === undefined ? {} : { intervals }),
      }),
    ],
    body: new SceneGridLayout({
      isDraggable: false,
      isResizable: false,
      children: gridItems(json.panels ?? []),
    }),
  });
}
