import { type DataFrame, type DataQueryRequest } from '@grafana/data';
import type { components } from '../../../backend-bridge/src/server/api-types';
import type { StreamKpiQuery } from '../../../src/datasource/query';
import { frameMeta } from '../../../src/frames/frame-meta';
import type { FedBridge } from '../fed-bridge/fed-bridge';
import { EVENTS } from '../fed-bridge/fed-metrics';
import type { PluginHost } from '../plugin-host/plugin-host';
import { firstDifference, shownBy } from './compared-frames';
import type { LivePanel } from './live-panel';
import type { Page } from './live-world';
import type { WrittenPoints } from './written-points';

type Schemas = components['schemas'];

export interface QuietParts {
  readonly panels: readonly LivePanel[];
  readonly page: Page;
  readonly bridge: FedBridge;
  readonly host: PluginHost;
  readonly written: WrittenPoints;
}

/** Panels have so long to come to rest after the last change. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 10;
/** A range's start may pass a window while it is compared: the question is put again after this. */
const ASK_AGAIN_MS = 300;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Waits until every panel shows what the backend answers now, and is connected; then holds these answers to the
 * bridge's own and to what was written. Throws with the first difference that does not go away.
 */
export async function quietPoint(parts: QuietParts): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (const panel of parts.panels) {
    for (;;) {
      const due = await dueOf(parts, panel);
      const wrong = await settle(panel, due, Math.min(until, Date.now() + ASK_AGAIN_MS));
      if (wrong === null) break;
      if (Date.now() >= until) throw new Error(`${panel.name} does not come to rest: ${wrong}`);
    }
    await compareWithBridge(parts, panel);
  }
  await compareSummary(parts);
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

/** QueryData and the bridge's own answer to the same call, over one fixed range. */
async function compareWithBridge(parts: QuietParts, panel: LivePanel): Promise<void> {
  const request = panel.questionNow();
  const frames = await answerNow(parts, request);
  const [first] = frames;
  const executed = JSON.parse(first?.meta?.executedQueryString ?? '{}') as { call?: string; body?: object };
  if (executed.call === undefined)
    throw new Error(`${panel.name}: the answer does not say what was executed`);
  const answer: unknown = await post(parts.bridge, executed.call.replace('POST ', ''), executed.body ?? {});
  if (frameMeta(first!)?.kind !== 'series') return;
  const { series } = answer as Schemas['QueryAnswer'];
  const own = frames.flatMap(({ fields: [times, values] }) =>
    times === undefined || values === undefined
      ? []
      : [{ labels: values.labels ?? {}, times: times.values as number[], values: values.values as number[] }],
  );
  const plain = series
    .filter(({ times }) => times.length > 0)
    .map(({ labels, times, values }) => ({ labels, times, values }));
  if (!isSame(own, plain)) throw new Error(`${panel.name}: QueryData differs from the bridge's answer`);
  if (panel.what.written !== undefined && frameMeta(first!)?.step_ms === 60_000) {
    compareWithWritten(parts, panel, plain, request);
  }
}

/** The bridge's answer and what the schedule wrote. */
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
    if (!isSame(shown, points)) throw new Error(`${panel.name}: ${segment} is not what was written`);
  }
}

/** Last, lowest and highest closed value: of the summary, of QueryData's summary, and of the points themselves. */
async function compareSummary(parts: QuietParts): Promise<void> {
  const { bridge, host, page } = parts;
  const to_ms = Date.now();
  const body = { metric: EVENTS.name, from_ms: to_ms - 3_600_000, to_ms };
  const { series: summary } = await post<Schemas['SummaryAnswer']>(bridge, '/api/v1/summary', body);
  const closed = await post<Schemas['QueryAnswer']>(bridge, '/api/v1/query', {
    ...body,
    include_open: false,
  });
  const living = closed.series.filter(({ times }) => times.length > 0);
  const fromPoints = living.map(({ labels, values }) => {
    const numbers = values as number[];
    return [labels, numbers.at(-1), Math.min(...numbers), Math.max(...numbers), numbers.length];
  });
  const fromSummary = summary.map(({ labels, last, min, max, count }) => [labels, last, min, max, count]);
  if (!isSame(fromPoints, fromSummary)) throw new Error('the summary is not of the points that /query gives');
  const queries = { A: { kind: 'summary', metric: EVENTS.name, stat: 'last' } };
  const range = { fromMs: body.from_ms, toMs: body.to_ms };
  const answers = await host.queryData(page.context(), { ...range, queries });
  const frames = answers.get('A')?.frames ?? [];
  const told = frames.flatMap(({ fields }) => fields.map(({ labels, values }) => [labels, values[0]]));
  const due = summary.map(({ labels, last }) => [labels, last]);
  if (!isSame(told, due)) throw new Error('QueryData gives another summary than the bridge');
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

async function post<T>(bridge: FedBridge, path: string, body: object): Promise<T> {
  const answer = await fetch(bridge.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}
