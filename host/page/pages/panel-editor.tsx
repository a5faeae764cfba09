import { css } from '@emotion/css';
import { CoreApp, LoadingState, type DataSourceApi, type GrafanaTheme2 } from '@grafana/data';
import { getDataSourceSrv } from '@grafana/runtime';
import { sceneGraph, SceneQueryRunner, type SceneObject, type VizPanel } from '@grafana/scenes';
import { Button, useStyles2 } from '@grafana/ui';
import React, { useEffect, useMemo, useState } from 'react';
import type { HostDashboard } from '../dashboard/scene-from-json';
import { OptionsPane } from './options-pane';
import { QueryRows } from './query-rows';

const styles = (theme: GrafanaTheme2) => ({
  body: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(2), padding: theme.spacing(2) }),
  left: css({ flex: '3 1 500px', minWidth: 0 }),
  right: css({ flex: '1 1 280px', minWidth: 0 }),
  panel: css({ height: 400, marginBottom: theme.spacing(2) }),
  head: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(1),
    alignItems: 'flex-start',
    flex: '1 0 100%',
    // The controls keep their size; they wrap.
    '& > *': { flexShrink: 0, maxWidth: '100%' },
  }),
});

function runnerOf(panel: VizPanel): SceneQueryRunner | undefined {
  const data = sceneGraph.getData(panel).state.$data ?? sceneGraph.getData(panel);
  return data instanceof SceneQueryRunner ? data : undefined;
}

function Queries({ runner }: { runner: SceneQueryRunner }) {
  const { queries, data, datasource } = runner.useState();
  const [source, setSource] = useState<DataSourceApi>();
  const uid = datasource?.uid ?? queries[0]?.datasource?.uid;
  useEffect(() => {
    const scope = { __sceneObject: { text: '', value: runner } };
    void getDataSourceSrv().get(uid, scope).then(setSource);
  }, [uid, runner]);
  if (source === undefined) return null;
  const range = sceneGraph.getTimeRange(runner).state.value;
  return (
    <QueryRows
      source={source}
      queries={queries}
      data={data ?? { state: LoadingState.NotStarted, series: [], timeRange: range }}
      range={range}
      app={CoreApp.PanelEditor}
      onChange={(next) => runner.setState({ queries: [...next] })}
      onRun={() => runner.runQueries()}
    />
  );
}

/**
 * One panel of a dashboard with its query editor and its options; changes live as long as the page.
 * The panel stays where it is in the scene, so that variables and time range are the dashboard's.
 */
export function PanelEditor({
  panel,
  scene,
  onClose,
}: {
  panel: VizPanel;
  scene: HostDashboard;
  onClose: () => void;
}) {
  const style = useStyles2(styles);
  const runner = useMemo(() => runnerOf(panel), [panel]);
  const [active, setActive] = useState(false);
  useEffect(() => {
    // What the panel lies in is not drawn here, but variables reach only what lies in active objects.
    const around: SceneObject[] = [];
    for (let outer = panel.parent; outer !== undefined; outer = outer.parent) around.unshift(outer);
    const deactivate = around.map((outer) => outer.activate());
    setActive(true);
    return () => deactivate.reverse().forEach((undo) => undo());
  }, [panel]);
  // What is inside asks for the variables' values, which an active scene has.
  if (!active) return null;
  return (
    <div className={style.body}>
      <div className={style.head}>
        {(scene.state.controls ?? []).map((control) => (
          <control.Component key={control.state.key} model={control} />
        ))}
        <Button variant="secondary" onClick={onClose}>
          Back to the dashboard
        </Button>
      </div>
      <div className={style.left}>
        <div className={style.panel}>
          <panel.Component model={panel} />
        </div>
        {runner !== undefined && <Queries runner={runner} />}
      </div>
      <div className={style.right}>
        <OptionsPane panel={panel} />
      </div>
    </div>
  );
}
