import { setTimeout as sleep } from 'node:timers/promises';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import {
  ingest,
  metricsWithoutIdling,
  putProfiles,
  query,
  queryEvents,
  temporaryFolder,
} from '../../support/embedded-bridge';
import { eventsAround, MINUTE_MS, type RawEvent, type TrafficShape } from '../../support/raw-events';
import { comparedAnswer, sortedEvents } from '../../support/selection-copy';
import { isEvents, Subscriber, type SelectionToWatch } from '../../support/subscriber';
import { createRandom } from '../../support/seeded-random';

/** Subscribers, restless ones and killed bridges included, must end with what a query says, to the bit. */

export const SELECTIONS: readonly SelectionToWatch[] = [
  { name: 'every series', metric: 'events_per_minute', selectors: {} },
  { name: 'all in one', metric: 'events_per_minute', selectors: { group_by: [] } },
  {
    name: 'five minutes',
    metric: 'events_per_minute',
    selectors: { group_by: [], step_ms: 5 * MINUTE_MS, over_time: 'sum' },
  },
  {
    name: 'filtered',
    metric: 'events_per_minute',
    selectors: {
      filters: [{ dimension: 'segment', op: '!=', values: ['unknown'] }],
      group_by: ['segment'],
      step_ms: 2 * MINUTE_MS,
    },
  },
  {
    name: 'pattern',
    metric: 'revenue_per_minute',
    selectors: { filters: [{ dimension: 'segment', op: '=~', values: ['g.*', 'silver'] }], group_by: [] },
  },
  { name: 'closed', metric: 'events_per_minute', selectors: { include_open: false } },
  { name: 'closed, in one', metric: 'revenue_per_minute', selectors: { include_open: false, group_by: [] } },
  {
    name: 'closed steps',
    metric: 'revenue_per_minute',
    selectors: { include_open: false, group_by: [], step_ms: 5 * MINUTE_MS, over_time: 'max' },
  },
  // Without a usable amount in two segments there is no average: the point is taken away, and comes back.
  {
    name: 'average',
    metric: 'revenue_per_minute',
    selectors: { measure: 'avg_transaction_value', group_by: [] },
  },
  {
    name: 'average of steps',
    metric: 'revenue_per_minute',
    selectors: { measure: 'avg_transaction_value', step_ms: 2 * MINUTE_MS },
  },
  {
    name: 'users',
    metric: 'active_users_per_minute',
    selectors: { step_ms: 5 * MINUTE_MS, over_time: 'last' },
  },
  { name: 'alerts as points', metric: 'high_activity_alert', selectors: {} },
  { name: 'alerts', metric: 'high_activity_alert', selectors: { events: true } },
];

const SEGMENTS: Readonly<Record<string, string>> = {
  ann: 'gold',
  ben: 'gold',
  cid: 'silver',
  dee: 'silver',
  eve: 'basic',
  fay: 'basic',
};
const TRAFFIC: TrafficShape = {
  users: [...Object.keys(SEGMENTS), 'gus'],
  busyUser: 'hal',
  tooLate: 0.03,
};
const STEP_MS = 3_000;

export interface Plan {
  readonly seed: number;
  readonly seconds: number;
  readonly restless: number;
  /** kill -9 of the bridge, at random moments. */
  readonly kills: number;
}

export interface Outcome {
  readonly faults: readonly string[];
  readonly compared: number;
  readonly points: number;
  readonly updates: number;
  readonly connections: number;
  readonly removals: number;
  readonly events: number;
  readonly steady: Subscriber;
}

/** Runs the plan; throws with the difference when a copy is not what the query says 15 s after the last event. */
export async function runSubscribers(plan: Plan): Promise<Outcome> {
  const folder = temporaryFolder();
  const environment = {
    STORE_PATH: `${folder.path}/data`,
    DEMO: 'off',
    METRICS_FILE: folder.file('metrics.yaml', metricsWithoutIdling()),
  };
  const random = createRandom(plan.seed);
  let bridge = await startBridge(environment);
  const subscribers: Subscriber[] = [];
  try {
    await bridge.ready();
    await putProfiles(bridge, SEGMENTS);
    let now = Math.floor((Date.now() - 4 * 3_600_000) / MINUTE_MS) * MINUTE_MS;
    const fromMs = now - 10 * MINUTE_MS;
    const url = (): string => bridge.wsUrl;
    const steady = new Subscriber('steady', url, SELECTIONS, fromMs, null);
    subscribers.push(steady);
    for (let i = 0; i < plan.restless; i += 1) {
      const later = fromMs + (i % 2) * 12 * MINUTE_MS;
      subscribers.push(
        new Subscriber(`restless ${i}`, url, SELECTIONS, later, createRandom(plan.seed + 1 + i)),
      );
    }
    for (const subscriber of subscribers) subscriber.start();

    const kills = Array.from(
      { length: plan.kills },
      () => (0.1 + 0.8 * random()) * plan.seconds * 1_000,
    ).sort((a, b) => a - b);
    const began = Date.now();
    let events = 0;
    while (Date.now() - began < plan.seconds * 1_000) {
      if (kills.length > 0 && Date.now() - began >= kills[0]!) {
        kills.shift();
        bridge = await killUnderLoad(bridge, environment, eventsAround(now, 40, TRAFFIC, random));
      }
      now += STEP_MS;
      // Windows begin with purchases that have no amount, so that averages come, go and come back.
      const batch = eventsAround(now, 30, TRAFFIC, random);
      const answer = await ingest(bridge, now % MINUTE_MS < 15_000 ? batch.map(withoutAmount) : batch);
      events += answer.accepted;
      await sleep(random() * 30);
    }
    for (const subscriber of subscribers) subscriber.settle();
    const outcome = await agreement(bridge, subscribers);
    return {
      ...outcome,
      faults: subscribers.flatMap((subscriber) => subscriber.faults()),
      updates: [...steady.series.values()].reduce((sum, copy) => sum + copy.updates, 0),
      connections: subscribers.reduce((sum, { connections }) => sum + connections, 0),
      removals: subscribers
        .flatMap(({ series }) => [...series.values()])
        .reduce((sum, copy) => sum + copy.removals, 0),
      events,
      steady,
    };
  } finally {
    for (const subscriber of subscribers) await subscriber.end();
    await bridge.kill9();
    folder.remove();
  }
}

function withoutAmount(event: RawEvent): RawEvent {
  return event.event_type === 'purchase' ? { ...event, properties: null } : event;
}

/** The events of the call that is cut off may be counted or not: the query says which, and all must agree with it. */
async function killUnderLoad(
  bridge: BridgeProcess,
  environment: Record<string, string>,
  events: readonly RawEvent[],
): Promise<BridgeProcess> {
  const cutOff = ingest(bridge, events).catch(() => null);
  await bridge.kill9();
  await cutOff;
  const next = await startBridge({ ...environment, BRIDGE_PORT: String(bridge.port) });
  await next.ready();
  return next;
}

async function agreement(
  bridge: BridgeProcess,
  subscribers: readonly Subscriber[],
): Promise<{ compared: number; points: number }> {
  const until = Date.now() + 60_000;
  for (;;) {
    const difference = await firstDifference(bridge, subscribers);
    if (typeof difference !== 'string') return difference;
    if (Date.now() > until) throw new Error(difference);
    await sleep(200);
  }
}

async function firstDifference(
  bridge: BridgeProcess,
  subscribers: readonly Subscriber[],
): Promise<string | { compared: number; points: number }> {
  let compared = 0;
  let points = 0;
  for (const selection of SELECTIONS) {
    const { name, metric, selectors } = selection;
    for (const subscriber of subscribers) {
      const copy = isEvents(selection) ? subscriber.events.get(name)! : subscriber.series.get(name)!;
      const body = { metric, from_ms: copy.fromMs, to_ms: Date.now() };
      const asked = isEvents(selection)
        ? sortedEvents((await queryEvents(bridge, body)).events)
        : comparedAnswer((await query(bridge, { ...body, ...selectors })).series);
      const held = 'events' in copy ? copy.events() : copy.compared();
      const [a, b] = [JSON.stringify(held), JSON.stringify(asked)];
      if (a !== b) return `${subscriber.name}, ${name}:\nheld  ${clip(a, b)}\nasked ${clip(b, a)}`;
      compared += 1;
      points += a.length > 2 ? asked.length : 0;
    }
  }
  return { compared, points };
}

/** Where two texts part. */
function clip(text: string, other: string): string {
  let at = 0;
  while (at < text.length && text[at] === other[at]) at += 1;
  return `... ${text.slice(Math.max(0, at - 200), at + 200)}`;
}
