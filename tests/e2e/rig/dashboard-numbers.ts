import { query } from '../../support/embedded-bridge';
import { fieldOf, type HostFrame } from '../../support/plugin-host/host-frame';
import { readDashboards, type SavedQuery } from '../../support/provisioned';
import { MINUTE_MS, type Stage } from './stage';

/** What the real-time dashboard shows, as numbers: asked of the bridge, and of the data source's backend. */

/** Of one card; times are epoch ms, and what the answer does not have is null. */
export interface Figures {
  readonly last: number | null;
  readonly previous: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly avg: number | null;
  readonly updated: number | null;
}
export type Point = readonly [timeMs: number, value: number | null];
export interface ShownEvent {
  readonly id: string;
  readonly message: string;
  readonly severity: string;
  readonly state: string;
  readonly value: number | null;
  readonly started: number;
  readonly ended: number;
  readonly firstSeen: number;
  readonly updated: number;
}
export interface DashboardNumbers {
  readonly cards: Readonly<Record<string, Figures>>;
  /** Points of each graph's lines, by the graph's title and the line's name: its segment, or the graph's own title. */
  readonly trends: Readonly<Record<string, Readonly<Record<string, readonly Point[]>>>>;
  /** All of the range, the newest first. */
  readonly events: readonly ShownEvent[];
  /** Event time up to which the events have been read, epoch ms. */
  readonly dataUntil: number | null;
  readonly metrics: number;
  /** Those that have data. */
  readonly activeMetrics: number;
}

const ALERTS = 'high_activity_alert';

/** Cards by their titles: the saved query that each is made of, and what it means to the bridge. */
export const CARDS = {
  'Events per minute': { refId: 'events', metric: 'events_per_minute', open: false, unit: 'short' },
  'Revenue per minute': { refId: 'revenue', metric: 'revenue_per_minute', open: false, unit: 'currencyUSD' },
  'High activity': { refId: 'activity', metric: ALERTS, open: true, unit: 'short' },
  'Active users': { refId: 'users', metric: 'active_users_per_minute', open: false, unit: 'short' },
} as const;
/** A card of its own: how many events there are. */
export const COUNT = { title: 'High activity alerts', refId: 'alerts' } as const;

const SEGMENT = ['segment'] as const;
export const TRENDS = {
  'Events per minute': { metric: 'events_per_minute', by: SEGMENT, unit: 'short' },
  'Revenue per minute': { metric: 'revenue_per_minute', by: SEGMENT, unit: 'currencyUSD' },
  'Active users': { metric: 'active_users_per_minute', by: [], unit: 'short' },
  'Transactions per minute': {
    metric: 'revenue_per_minute',
    measure: 'transaction_count',
    by: SEGMENT,
    unit: 'short',
  },
  'Average transaction': {
    metric: 'revenue_per_minute',
    measure: 'avg_transaction_value',
    by: SEGMENT,
    unit: 'currencyUSD',
  },
} as const;

const DASHBOARD = 'streamkpi-realtime';
const HOUR_MS = 60 * MINUTE_MS;

const only = <T>(list: readonly T[]): T => {
  if (list.length !== 1 || list[0] === undefined) throw new Error(`expected one, got ${list.length}`);
  return list[0];
};

/** For each of the named things what is found for it, under the same name. */
async function each<K extends string, T, R>(
  named: Readonly<Record<K, T>>,
  find: (thing: T, name: K) => Promise<R> | R,
): Promise<Record<K, R>> {
  const found: [string, R][] = [];
  for (const [name, thing] of Object.entries<T>(named)) found.push([name, await find(thing, name as K)]);
  return Object.fromEntries(found) as Record<K, R>;
}

const countCard = (count: number): Figures => ({
  last: count,
  previous: null,
  min: null,
  max: null,
  avg: null,
  updated: null,
});

interface SummaryAnswer {
  readonly series: readonly (Omit<Figures, 'updated'> & { readonly updated_ms: number })[];
}
interface EventsAnswer {
  readonly events: readonly {
    readonly id: string;
    readonly message: string;
    readonly severity: string;
    readonly state: string;
    readonly value: number | null;
    readonly time_ms: number;
    readonly end_ms: number;
    readonly first_seen_ms: number;
    readonly updated_ms: number;
  }[];
}
interface StatusAnswer {
  readonly metrics: readonly { readonly metric: string; readonly watermark_ms: number | null }[];
}

/** By the bridge's own HTTP answers, over the hour before now. */
export async function numbersOfBridge(stage: Stage): Promise<DashboardNumbers> {
  const bridge = stage.bridge();
  const now = Date.now();
  const range = { from_ms: now - HOUR_MS, to_ms: now };
  const { events } = await bridge.post<EventsAnswer>('/api/v1/events/query', { metric: ALERTS, ...range });
  const { metrics } = await bridge.get<StatusAnswer>('/api/v1/status');
  return {
    cards: {
      ...(await each(CARDS, async ({ metric, open }) => {
        const { series } = await bridge.post<SummaryAnswer>('/api/v1/summary', {
          metric,
          ...range,
          group_by: [],
          include_open: open,
        });
        const { last, previous, min, max, avg, updated_ms: updated } = only(series);
        return { last, previous, min, max, avg, updated };
      })),
      [COUNT.title]: countCard(events.length),
    },
    trends: await each(TRENDS, async ({ by, unit: _unit, ...selected }, title) => {
      const { series } = await query(bridge, { ...selected, ...range, group_by: by, include_open: false });
      return Object.fromEntries(
        series.map(({ labels, times, values }) => [
          labels['segment'] ?? title,
          times.map((time, at): Point => [time, values[at] ?? null]),
        ]),
      );
    }),
    events: events.map(({ id, message, severity, state, value, ...times }) => ({
      id,
      message,
      severity,
      state,
      value,
      started: times.time_ms,
      ended: times.end_ms,
      firstSeen: times.first_seen_ms,
      updated: times.updated_ms,
    })),
    dataUntil: metrics.find(({ metric }) => metric === 'events_per_minute')?.watermark_ms ?? null,
    metrics: metrics.length,
    activeMetrics: metrics.filter(({ watermark_ms }) => watermark_ms !== null).length,
  };
}

/** Without the filter by the variable that is set to All. */
function unfiltered({ filters, ...saved }: SavedQuery): object {
  const kept = (filters as readonly { readonly values: readonly string[] }[] | undefined)?.filter(
    ({ values }) => !values.includes('$segment'),
  );
  return kept === undefined || kept.length === 0 ? saved : { ...saved, filters: kept };
}

/** By QueryData, with the queries that the dashboard has saved, over the hour before now. */
export async function numbersOfBackend(stage: Stage): Promise<DashboardNumbers> {
  const context = stage.host.context('streamkpi');
  const panels = readDashboards('provisioned').find(({ dashboard }) => dashboard.uid === DASHBOARD)?.dashboard
    .panels;
  if (context === null || panels === undefined) throw new Error(`there is no ${DASHBOARD} to ask for`);
  const now = Date.now();
  const framesOf = async (title: string): Promise<ReadonlyMap<string, readonly HostFrame[]>> => {
    const targets = panels.find((panel) => panel.title === title)?.targets ?? [];
    const answer = await stage.host.backend.queryData(context, {
      fromMs: now - HOUR_MS,
      toMs: now,
      queries: Object.fromEntries(targets.map((saved) => [saved.refId, unfiltered(saved)])),
    });
    return new Map(
      [...answer].map(([refId, { error, frames }]) => {
        if (error !== '') throw new Error(`${title}, ${refId}: ${error}`);
        return [refId, frames];
      }),
    );
  };
  const figures = await framesOf('Key figures');
  const figuresOf = (refId: string): HostFrame => only(figures.get(refId) ?? []);
  const system = await framesOf('System status');
  const answered = metaOf(only(system.get('status') ?? [])).status?.metrics ?? [];
  return {
    cards: {
      ...(await each(CARDS, ({ refId }) => {
        const numberOf = (name: string) => fieldOf(figuresOf(refId), name).values[0] as number | null;
        return {
          last: numberOf('last'),
          previous: numberOf('previous'),
          min: numberOf('min'),
          max: numberOf('max'),
          avg: numberOf('avg'),
          updated: numberOf('updated'),
        };
      })),
      [COUNT.title]: countCard(fieldOf(figuresOf(COUNT.refId), 'count').values[0] as number),
    },
    trends: await each(TRENDS, async (_, title) => {
      const lines = [...(await framesOf(title)).values()].flat().map(({ fields }) => {
        const [times, values] = [fields[0]?.values ?? [], fields[1]?.values ?? []];
        const points = times.map((time, at): Point => [time as number, values[at] as number | null]);
        return [fields[1]?.labels['segment'] ?? title, points] as const;
      });
      return Object.fromEntries(lines);
    }),
    events: eventsIn(only((await framesOf('Recent alerts')).get('alerts') ?? [])),
    dataUntil: metaOf(only((await framesOf('Connection')).get('events') ?? [])).watermark_ms,
    metrics: answered.length,
    activeMetrics: answered.filter(({ watermark_ms }) => watermark_ms !== null).length,
  };
}

interface Meta {
  readonly watermark_ms: number | null;
  readonly status?: StatusAnswer;
}
const metaOf = ({ meta }: HostFrame): Meta => meta.custom?.['streamkpi'] as Meta;

function eventsIn(frame: HostFrame): ShownEvent[] {
  const column = (name: string) => fieldOf(frame, name).values;
  return Array.from({ length: frame.length }, (_, row) => ({
    id: column('id')[row] as string,
    message: column('text')[row] as string,
    severity: column('severity')[row] as string,
    state: column('state')[row] as string,
    value: column('value')[row] as number | null,
    started: column('time')[row] as number,
    ended: column('timeEnd')[row] as number,
    firstSeen: column('first_seen')[row] as number,
    updated: column('updated')[row] as number,
  }));
}
