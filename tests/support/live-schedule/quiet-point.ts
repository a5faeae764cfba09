import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { DataFrame, DataQueryRequest } from '@grafana/data';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { components } from '../../../backend-bridge/src/server/api-types';
import type { StreamKpiQuery } from '../../../src/datasource/query';
import { frameMeta } from '../../../src/frames/frame-meta';
import type { PluginHost } from '../plugin-host/plugin-host';
import { firstDifference, shownBy } from './compared-frames';
import type { LivePage } from './live-page';
import type { LivePanel } from './live-panel';
import { postJson } from './post-json';
import { compareSummaries } from './summary-agreement';
import type { PointHistory } from './written-points';

type Schemas = components['schemas'];

export interface QuietParts {
  readonly panels: readonly LivePanel[];
  readonly page: Pick<LivePage, 'runner' | 'context'>;
  /** Itself, not through a wire that is cut. */
  readonly bridge: { readonly url: string; readonly metrics: readonly Metric[] };
  readonly host: PluginHost;
  readonly written: PointHistory;
  /** How long each panel may take to come to rest; default 60 s. */
  readonly patienceMs?: number;
}

// A range that slides past a window is trimmed by the next sign of life, some seconds later.
const PATIENCE_MS = 60_000;
const LOOK_MS = 10;
/** A range's start may pass a window while it is compared: the question is put again after this. */
const ASK_AGAIN_MS = 300;
/** Summaries are of so long. */
const SUMMARY_MS = 3_600_000;

/**
 * Waits until every panel shows what the backend answers now, and is connected; then holds these answers to the
 * bridge's own and to what was written. Throws with the first difference that remains. Returns how many series the
 * compared summaries had.
 */
export async function quietPoint(parts: QuietParts): Promise<number> {
  for (const panel of parts.panels) {
    const until = Date.now() + (parts.patienceMs ?? PATIENCE_MS);
    for (;;) {
      const due = await dueOf(parts, panel);
      const wrong = await settle(panel, due, Math.min(until, Date.now() + ASK_AGAIN_MS));
      if (wrong === null) break;
      if (Date.now() >= until) {
        const agoMs = Date.now() - panel.respondedMs;
        throw new Error(`${panel.name} does not come to rest (last response ${agoMs} ms ago): ${wrong}`);
      }
    }
    await compareWithBridge(parts, panel);
  }
  const now = Date.now();
  return compareSummaries(
    { bridge: parts.bridge, host: parts.host, context: () => parts.page.context() },
    now - SUMMARY_MS,
    now,
  );
}

/** Null when the panel shows what is due. */
async function settle(panel: LivePanel, due: readonly string[], until: number): Promise<string | null> {
  for (;;) {
    const wrong = differenceOf(panel, due);
    if (wrong === null || Date.now() >= until) return wrong;
    await sleep(LOOK_MS);
  }
}

function differenceOf(panel: LivePanel, due: readonly string[]): string | null {
  if (panel.error !== '') return `it shows the error ${panel.error}`;
  if (panel.state !== 'connected') return `it is ${panel.state}`;
  const shown = shownBy(panel.frames);
  const difference = firstDifference(shown, due);
  return difference === 'none' ? null : difference;
}

async function dueOf(parts: QuietParts, panel: LivePanel): Promise<string[]> {
  return shownBy(await answerNow(parts, panel.questionNow()));
}

async function answerNow(
  { page }: QuietParts,
  request: DataQueryRequest<StreamKpiQuery>,
): Promise<DataFrame[]> {
  const response = await page.runner.run(request);
  const [error] = response.errors ?? [];
  if (error !== undefined) throw new Error(`QueryData at rest: ${error.message ?? ''}`);
  return response.data as DataFrame[];
}

/** QueryData and the bridge's own answer to the same call, over one fixed range. Summaries are compared by themselves. */
async function compareWithBridge(parts: QuietParts, panel: LivePanel): Promise<void> {
  const request = panel.questionNow();
  const frames = await answerNow(parts, request);
  const [first] = frames;
  const executed = JSON.parse(first?.meta?.executedQueryString ?? '{}') as { call?: string; body?: object };
  if (executed.call === undefined)
    throw new Error(`${panel.name}: the answer does not say what was executed`);
  const { kind } = frameMeta(first!) ?? {};
  if (kind === 'summary') return;
  const path = executed.call.replace('POST ', '');
  const answer = await postJson(parts.bridge.url, path, executed.body ?? {});
  if (kind === 'events') {
    compareEvents(panel, first!, (answer as Schemas['EventsAnswer']).events);
    return;
  }
  const { series } = answer as Schemas['QueryAnswer'];
  const own = frames.flatMap((frame) => {
    const [times, values] = frame.fields;
    if (times === undefined || values === undefined) return [];
    const open = frameMeta(frame)?.open_windows === true;
    return [{ open, labels: values.labels ?? {}, times: times.values, values: values.values }];
  });
  const answered = series.filter(({ times }) => times.length > 0);
  const due = panel.what.query.openWindows === 'separate' ? separated(answered) : answered.map(wholeSeries);
  if (!isDeepStrictEqual(own, due))
    throw new Error(`${panel.name}: QueryData differs from the bridge's answer`);
  const plain = answered.map(({ labels, times, values }) => ({ labels, times, values }));
  if (panel.what.written !== undefined && frameMeta(first!)?.step_ms === 60_000) {
    compareWithWritten(parts, panel, plain, request);
  }
}

type AnsweredSeries = Schemas['QueryAnswer']['series'][number];

const wholeSeries = ({ labels, times, values }: AnsweredSeries) => ({ open: false, labels, times, values });

/** The closed windows of every series, then the open ones. */
function separated(answered: readonly AnsweredSeries[]): ReturnType<typeof wholeSeries>[] {
  const part = (open: boolean) =>
    answered.map(({ labels, times, values, open_from_ms: openFrom = Infinity }) => {
      const isWanted = (_: unknown, i: number): boolean => times[i]! >= openFrom === open;
      return { open, labels, times: times.filter(isWanted), values: values.filter(isWanted) };
    });
  return [...part(false), ...part(true)].filter(({ times }) => times.length > 0);
}

function compareEvents(panel: LivePanel, table: DataFrame, events: readonly Schemas['Event'][]): void {
  const { eventState = 'all', openWindows } = panel.what.query;
  const wanted = eventState === 'all' && openWindows === 'exclude' ? 'resolved' : eventState;
  const due = events
    .filter(({ state }) => wanted === 'all' || state === wanted)
    .map(({ id, time_ms, value, revision, state }) => [id, time_ms, value, revision, state]);
  const columns = ['id', 'time', 'value', 'revision', 'state'].map(
    (column) => table.fields.find(({ name }) => name === column)?.values as unknown[] | undefined,
  );
  const own = Array.from({ length: table.length }, (_, row) => columns.map((values) => values?.[row]));
  if (!isDeepStrictEqual(own, due))
    throw new Error(`${panel.name}: QueryData has other events than the bridge`);
}

/** The bridge's answer and what was written. */
function compareWithWritten(
  { written }: QuietParts,
  panel: LivePanel,
  plain: readonly {
    labels: Readonly<Record<string, string>>;
    times: readonly number[];
    values: readonly unknown[];
  }[],
  { range }: DataQueryRequest<StreamKpiQuery>,
): void {
  const all = written.shown(panel.what.query.metric ?? '', range.from.valueOf(), range.to.valueOf());
  const due = [...all]
    .map(([key, points]) => ({ segment: (JSON.parse(key) as string[])[0]!, points }))
    .filter(({ segment }) => panel.what.written!(segment));
  if (due.length !== plain.length) {
    throw new Error(`${panel.name}: ${plain.length} series where ${due.length} were written`);
  }
  for (const { segment, points } of due) {
    const found = plain.find(({ labels }) => labels['segment'] === segment);
    const shown = found?.times.map((time, i) => [time, found.values[i]]);
    if (!isDeepStrictEqual(shown, points))
      throw new Error(`${panel.name}: ${segment} is not what was written`);
  }
}
