import { setTimeout as sleep } from 'node:timers/promises';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import { query, temporaryFolder } from '../../support/embedded-bridge';
import { fieldOf, type HostField, type HostFrame } from '../../support/plugin-host/host-frame';
import { pluginContext } from '../../support/plugin-host/plugin-context';
import { startPluginHost, type PluginHost, type QueryResult } from '../../support/plugin-host/plugin-host';
import { readDashboards, type Dashboard, type SavedQuery } from '../../support/provisioned';
import { eventually } from '../../support/waiting';

/** A newcomer opens the dashboards on the demo: every panel has something to show, through the real backend. */

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** As the browser sends it while every variable says All: those filters are none. */
function withAll({ filters, ...query }: SavedQuery): SavedQuery {
  const kept = ((filters ?? []) as { values: readonly string[] }[]).filter(
    ({ values }) => !values.some((value) => value.startsWith('$')),
  );
  return { ...query, ...(kept.length === 0 ? {} : { filters: kept }) };
}

interface RelativeRange {
  /** Before and after the moment of the question. */
  readonly beforeMs: number;
  readonly afterMs: number;
}

const rangeOf = ({ time }: Dashboard): RelativeRange => {
  const hours = /^now-(\d+)h to now(?:\+(\d+)h)?$/.exec(`${time.from} to ${time.to}`);
  if (hours === null) throw new Error(`a dashboard is of ${time.from} to ${time.to}`);
  return { beforeMs: Number(hours[1]) * HOUR_MS, afterMs: Number(hours[2] ?? 0) * HOUR_MS };
};

const isHidden = ({ config }: HostField): boolean =>
  (config['custom'] as { hideFrom?: { viz?: boolean } } | undefined)?.hideFrom?.viz === true;

const rows = (frames: readonly HostFrame[]): number => frames.reduce((sum, frame) => sum + frame.length, 0);

describe('the dashboards on the demo', () => {
  const folder = temporaryFolder();
  let bridge: BridgeProcess;
  let host: PluginHost;

  const ask = async (
    query: SavedQuery,
    { beforeMs, afterMs }: RelativeRange = { beforeMs: HOUR_MS, afterMs: 0 },
  ): Promise<QueryResult> => {
    const context = pluginContext({ dataSource: { uid: 'streamkpi', url: bridge.url } });
    const nowMs = Date.now();
    const answers = await host.queryData(context, {
      fromMs: nowMs - beforeMs,
      toMs: nowMs + afterMs,
      queries: { [query.refId]: withAll(query) },
    });
    return answers.get(query.refId)!;
  };

  beforeAll(async () => {
    [bridge, host] = await Promise.all([
      startBridge({ STORE_PATH: `${folder.path}/data` }),
      startPluginHost(),
    ]);
    await bridge.ready(60_000);
    // The history is filled in right after the bridge is ready.
    await eventually(async () => {
      const now = Date.now();
      const body = { metric: 'events_per_minute', from_ms: now - 3 * HOUR_MS, to_ms: now, group_by: [] };
      return ((await query(bridge, body)).series[0]?.times.length ?? 0) >= 178;
    }, 'the history of the demo');
    // The weeks before the last hours are filled in beside live traffic.
    for (const metric of ['events_per_minute', 'revenue_per_minute']) {
      await eventually(
        async () => {
          const now = Date.now();
          const body = { metric, from_ms: now - HOUR_MS, to_ms: now, group_by: [] };
          const { series } = await bridge.post<{ series: { state: string }[] }>('/api/v1/forecast', body);
          return series[0]?.state === 'ready';
        },
        `forecasts of ${metric}`,
        60_000,
        500,
      );
    }
    // The status is recorded on the ten seconds of the clock.
    await sleep(10_500);
  });
  afterAll(async () => {
    await host.stop();
    await bridge.kill9();
    folder.remove();
  });

  const panels = readDashboards('provisioned').flatMap(({ dashboard }) =>
    dashboard.panels.map((panel) => ({ name: `${dashboard.title}: ${panel.title}`, dashboard, panel })),
  );

  test.each(panels)('$name', async ({ dashboard, panel }) => {
    for (const target of panel.targets) {
      const { frames, error } = await ask(target, rangeOf(dashboard));
      expect([target.refId, error]).toEqual([target.refId, '']);
      // There may be no anomaly.
      const mayBeEmpty = target['forecastAs'] === 'anomalies';
      expect([target.refId, mayBeEmpty || rows(frames) > 0]).toEqual([target.refId, true]);
      for (const { meta } of frames) {
        expect(meta.custom?.['streamkpi']).toMatchObject({ kind: target['kind'] ?? 'series' });
      }
      const numbers = frames.flatMap(({ fields }) => fields.filter(({ type }) => type === 'number'));
      if (panel.type === 'table') {
        const names = frames[0]!.fields.map(({ name }) => name);
        const { include } = panel.transformations![0]!.options as { include: { names: string[] } };
        expect(names).toEqual(expect.arrayContaining(include.names));
      } else if (!mayBeEmpty && (target['kind'] !== 'status' || target['statusAs'] !== undefined)) {
        expect(numbers.flatMap(({ values }) => values).some((value) => typeof value === 'number')).toBe(true);
      }
      // Where the source names a unit it is the panel's own one: a frame's unit wins over the panel's.
      if (panel.type !== 'timeseries' && panel.type !== 'stat') continue;
      for (const { config } of numbers.filter((field) => !isHidden(field)))
        expect(config['unit']).toBe(panel.fieldConfig.defaults.unit);
    }
  });

  test('lines have a point for each window of the last hour', async () => {
    const { dashboard } = readDashboards('provisioned').find((one) => one.file.endsWith('realtime.json'))!;
    const { targets } = dashboard.panels.find(({ title }) => title === 'Events per minute')!;
    const { frames } = await ask(targets[0]!);
    expect(frames.map((frame) => frame.fields[1]!.labels['segment']).sort().length).toBeGreaterThan(1);
    for (const frame of frames) {
      const times = fieldOf(frame, 'Time').values as number[];
      expect(times.length).toBeGreaterThanOrEqual(55);
      for (const time of times) expect(time % MINUTE_MS).toBe(0);
    }
  });

  test('the marks are what Grafana’s annotations take', async () => {
    const marked: unknown[] = [];
    for (const { dashboard } of readDashboards('provisioned')) {
      for (const { target } of dashboard.annotations.list.filter((one) => one.target !== undefined)) {
        // Three weeks have anomalies.
        const range = target!['kind'] === 'forecast' ? 21 * 24 * HOUR_MS : 3 * HOUR_MS;
        const { frames, error } = await ask(target!, { beforeMs: range, afterMs: 0 });
        expect(error).toBe('');
        const frame = frames[0]!;
        expect([target!.refId, frame.length > 0]).toEqual([target!.refId, true]);
        for (const name of ['time', 'timeEnd']) expect(fieldOf(frame, name).type).toBe('time');
        for (const name of ['title', 'text', 'tags']) expect(fieldOf(frame, name).values[0]).not.toBe('');
        marked.push(target!['kind']);
      }
    }
    expect(new Set(marked)).toEqual(new Set(['events', 'forecast']));
  });

  test('the cards have every number of the original', async () => {
    const { dashboard } = readDashboards('provisioned').find((one) => one.file.endsWith('realtime.json'))!;
    const { targets } = dashboard.panels.find(({ title }) => title === 'Key figures')!;
    for (const target of targets.filter(({ kind }) => kind === 'summary')) {
      const { frames } = await ask(target);
      expect(frames).toHaveLength(1);
      expect(frames[0]!.length).toBe(1);
      for (const name of ['last', 'min', 'max', 'avg']) {
        expect(typeof fieldOf(frames[0]!, name).values[0]).toBe('number');
      }
      for (const name of ['last_time', 'updated']) {
        expect(Date.now() - Number(fieldOf(frames[0]!, name).values[0])).toBeLessThan(HOUR_MS);
      }
    }
  });
});
