import { css } from '@emotion/css';
import {
  CoreApp,
  dateTime,
  FieldType,
  LoadingState,
  rangeUtil,
  type DataQuery,
  type DataQueryRequest,
  type DataSourceApi,
  type GrafanaTheme2,
  type PanelData,
  type RawTimeRange,
} from '@grafana/data';
import { getDataSourceSrv, locationService } from '@grafana/runtime';
import { Alert, Button, Field, PanelChrome, Select, TimeRangePicker, useStyles2 } from '@grafana/ui';
import React, { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Subscription } from 'rxjs';
import { PanelByPlugin } from '../panels/panel-by-plugin';
import { runPanelRequest } from '../runtime/runtime-services';
import { Page } from './page';
import { QueryRows } from './query-rows';
import { useWidth } from './use-width';

const styles = (theme: GrafanaTheme2) => ({
  body: css({ padding: theme.spacing(2), display: 'flex', flexDirection: 'column', gap: theme.spacing(2) }),
  bar: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(2), alignItems: 'flex-end' }),
});

const RESULT_HEIGHT = 340;
/** Most points that Grafana's Explore requests. */
const POINTS = 1_000;

interface Explored {
  readonly queries: readonly DataQuery[];
  readonly range: RawTimeRange;
}

/** `queries` and `range` as the page's address carries them, in JSON. */
function explored(search: URLSearchParams): Explored {
  const given = search.get('explore');
  const nothing: Explored = { queries: [{ refId: 'A' }], range: { from: 'now-1h', to: 'now' } };
  if (given === null) return nothing;
  try {
    return { ...nothing, ...(JSON.parse(given) as Partial<Explored>) };
  } catch {
    return nothing;
  }
}

let requests = 0;

/** Everything a panel would ask with these queries now. */
function requestFor(source: DataSourceApi, { queries, range: raw }: Explored): DataQueryRequest {
  requests += 1;
  const range = rangeUtil.convertRawToRange(raw);
  const { interval, intervalMs } = rangeUtil.calculateInterval(range, POINTS);
  return {
    app: CoreApp.Explore,
    requestId: `explore_${requests}`,
    targets: queries.map((query) => ({ datasource: source.getRef(), ...query })),
    range,
    rangeRaw: range.raw,
    interval,
    intervalMs,
    maxDataPoints: POINTS,
    scopedVars: {
      __interval: { text: interval, value: interval },
      __interval_ms: { text: intervalMs, value: intervalMs },
    },
    timezone: 'browser',
    startTime: Date.now(),
    liveStreaming: false,
  };
}

const isGraph = (data: PanelData): boolean =>
  data.series.some(
    ({ fields, meta }) =>
      meta?.preferredVisualisationType === 'graph' ||
      (fields.length === 2 && fields[0]?.type === FieldType.time && fields[1]?.type === FieldType.number),
  );

interface Asked {
  readonly asked: Explored;
  /** The current query: an editor changes its query and runs it at once, before anything is rendered. */
  readonly newest: () => Explored;
  readonly change: (next: Partial<Explored>) => void;
}

/** What the address asks for, and its change. */
function useExplored(search: URLSearchParams): Asked {
  const [asked, setAsked] = useState(() => explored(search));
  const kept = useRef(asked);
  const newest = useCallback(() => kept.current, []);
  const change = useCallback((next: Partial<Explored>) => {
    kept.current = { ...kept.current, ...next };
    setAsked(kept.current);
    locationService.partial({ explore: JSON.stringify(kept.current) }, true);
  }, []);
  return { asked, newest, change };
}

/** Queries of one data source with the plugin's editor, and what they give: a graph where it is one, and a table. */
export function ExplorePage({ search }: { search: URLSearchParams }) {
  const style = useStyles2(styles);
  const sources = useMemo(() => getDataSourceSrv().getList(), []);
  const [uid, setUid] = useState(search.get('ds') ?? sources[0]?.uid);
  const [source, setSource] = useState<DataSourceApi>();
  const { asked, newest, change } = useExplored(search);
  const range = useMemo(() => rangeUtil.convertRawToRange(asked.range), [asked.range]);
  const [data, setData] = useState<PanelData>({
    state: LoadingState.NotStarted,
    series: [],
    timeRange: range,
  });
  const running = useRef<Subscription>(undefined);
  const [body, width] = useWidth();

  useEffect(() => {
    if (uid !== undefined) void getDataSourceSrv().get(uid).then(setSource);
  }, [uid]);
  const run = useCallback(() => {
    if (source === undefined) return;
    running.current?.unsubscribe();
    running.current = runPanelRequest(source, requestFor(source, newest())).subscribe(setData);
  }, [source, newest]);
  useEffect(() => {
    run();
    return () => running.current?.unsubscribe();
  }, [run, asked.range]);

  return (
    <Page title="Explore">
      <div className={style.body} ref={body}>
        <div className={style.bar}>
          <Field label="Data source" htmlFor="explore-source" noMargin>
            <Select
              inputId="explore-source"
              width={30}
              options={sources.map((one) => ({ label: one.name, value: one.uid }))}
              value={uid ?? null}
              onChange={({ value }) => setUid(value)}
            />
          </Field>
          <TimeRangePicker
            value={range}
            timeZone="browser"
            onChange={({ raw }) => change({ range: raw })}
            onChangeTimeZone={() => undefined}
            onMoveBackward={() => undefined}
            onMoveForward={() => undefined}
            onZoom={() => undefined}
          />
          <Button onClick={run} icon="sync">
            Run query
          </Button>
          <span data-testid="explore-state">{data.state}</span>
        </div>
        {source !== undefined && (
          <QueryRows
            source={source}
            queries={asked.queries}
            data={data}
            range={range}
            app={CoreApp.Explore}
            onChange={(queries) => change({ queries })}
            onRun={run}
          />
        )}
        {(data.errors ?? (data.error === undefined ? [] : [data.error])).map((error, at) => (
          <Alert key={at} title={error.message ?? 'The query failed'} severity="error" />
        ))}
        {(isGraph(data) ? ['timeseries', 'table'] : ['table']).map((panel) => (
          <PanelChrome
            key={panel}
            title={panel === 'table' ? 'Table' : 'Graph'}
            width={width}
            height={RESULT_HEIGHT}
            loadingState={data.state}
          >
            {(innerWidth, innerHeight) => (
              <PanelByPlugin
                pluginId={panel}
                title=""
                data={data}
                width={innerWidth}
                height={innerHeight}
                options={
                  panel === 'table'
                    ? {}
                    : { legend: { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] } }
                }
                onChangeTimeRange={({ from, to }) =>
                  change({ range: { from: dateTime(from), to: dateTime(to) } })
                }
              />
            )}
          </PanelChrome>
        ))}
      </div>
    </Page>
  );
}
