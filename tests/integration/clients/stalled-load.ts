import { setTimeout as sleep } from 'node:timers/promises';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { othersWaitNoLonger } from './stalled-comparison';

/**
 * The load of the stalled-clients test, as a process of its own: many clients of which some stop reading now and
 * then, while one event after the other is ingested. Reads its plan from argv, prints one JSON line a step.
 */

export interface LoadPlan {
  readonly port: number;
  readonly clients: number;
  /** Of these. */
  readonly stalling: number;
  /** Runs alternate: all read, some stall. So many pairs are compared. */
  readonly pairs: number;
  /** While the comparison fails, a pair more, and the last `pairs` are compared; so many at most. */
  readonly maxPairs: number;
  readonly secondsARun: number;
  readonly ticksASecond: number;
  /** Series whose history a stalling client asks for and does not read. */
  readonly segments: number;
  /** Event time of the measured window. */
  readonly windowMs: number;
  readonly slowClientTimeoutMs: number;
}

export type LoadStep =
  | { readonly step: 'connected'; readonly clients: number }
  | {
      readonly step: 'run';
      readonly stalled: boolean;
      readonly p50: number;
      readonly p99: number;
      readonly samples: number;
    }
  | {
      readonly step: 'end';
      /** What those got that read on in time. */
      readonly resynced: number;
      readonly caughtUp: number;
      readonly readOn: number;
      /** Close codes of those that never read on. */
      readonly closeCodes: Readonly<Record<string, number>>;
      readonly othersOpen: number;
    };

/** Snapshots that a stalling client asks for: together more than any buffer on the way holds. */
const SNAPSHOTS = 24;
/** A client for whom so much waits does not read. */
const MIN_STALLED_BYTES = 16_384;
const plan = JSON.parse(process.argv[2]!) as LoadPlan;
const base = `127.0.0.1:${plan.port}`;
const say = (step: LoadStep): void => void process.stdout.write(`${JSON.stringify(step)}\n`);

/** When the n-th event of the measured series was sent; its count is n. */
const sentAt: number[] = [0];
let samples: number[] = [];

async function send(events: readonly object[]): Promise<void> {
  const answer = await fetch(`http://${base}/api/v1/ingest/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events),
  });
  const { accepted } = (await answer.json()) as { accepted: number };
  if (accepted !== events.length) throw new Error(`${accepted} of ${events.length} events were accepted`);
}

const event = (user_id: string, timestamp: number): object => ({
  user_id,
  event_type: 'page_view',
  timestamp,
  properties: {},
});

/** The count in the newest update of the measured series, found without reading the whole text. */
function countIn(text: string): number | null {
  const original = text.startsWith('{"type":"metric_update"') ? text.indexOf('"value":') : -1;
  if (original >= 0) return Number.parseInt(text.slice(original + 8, original + 20), 10);
  const extended = text.startsWith('{"type":"series_update"') ? text.indexOf('"values":[') : -1;
  return extended < 0 ? null : Number.parseInt(text.slice(extended + 10, extended + 22), 10);
}

/** A client that measures; every other one speaks the original protocol only. */
async function openReader(index: number): Promise<WebSocket> {
  const ws = new WebSocket(`ws://${base}`, { perMessageDeflate: false });
  ws.on('message', (data: Buffer) => {
    const received = performance.now();
    const count = countIn(data.toString('latin1'));
    const sent = count === null ? undefined : sentAt[count];
    if (sent !== undefined) samples.push(received - sent);
  });
  await once(ws, 'open');
  if (index % 2 === 0) {
    ws.send(JSON.stringify({ type: 'subscribe_metric', metric_name: 'events_per_minute' }));
  } else {
    const filters = [{ dimension: 'segment', op: '=', values: ['live'] }];
    ws.send(
      JSON.stringify({
        type: 'subscribe_metric',
        id: 's',
        metric: 'events_per_minute',
        filters,
        from_ms: plan.windowMs,
      }),
    );
  }
  return ws;
}

/** A client that can stop reading. It keeps no copy; it notes what kinds of messages came. */
class Staller {
  resyncs = 0;
  /** Newest count of each segment in the measured window. */
  readonly counts = new Map<string, number>();
  code: number | null = null;
  received = 0;
  private snapshots = 0;

  private constructor(readonly ws: WebSocket) {
    ws.on('message', (data: Buffer) => {
      this.received += 1;
      const head = data.subarray(0, 60).toString('latin1');
      if (head.startsWith('{"type":"subscribed","id":"old')) {
        this.snapshots += 1;
        return;
      }
      const message = JSON.parse(data.toString()) as {
        type: string;
        series?: { labels: { segment: string }; times: number[]; values: number[] }[];
      };
      if (message.type === 'resync') this.resyncs += 1;
      for (const { labels, times, values } of message.series ?? []) {
        if (times.at(-1) === plan.windowMs) this.counts.set(labels.segment, values.at(-1)!);
      }
    });
    ws.on('close', (code) => (this.code = code));
    ws.on('error', () => undefined);
  }

  static async open(): Promise<Staller> {
    const ws = new WebSocket(`ws://${base}`, { perMessageDeflate: false });
    const staller = new Staller(ws);
    await once(ws, 'open');
    ws.send(
      JSON.stringify({
        type: 'subscribe_metric',
        id: 'all',
        metric: 'events_per_minute',
        from_ms: plan.windowMs,
      }),
    );
    return staller;
  }

  /** Asks for much and reads nothing. None of it changes while the measured series is fed. */
  stall(): void {
    this.ws.pause();
    const filters = [{ dimension: 'segment', op: '!=', values: ['live'] }];
    for (let i = 0; i < SNAPSHOTS; i += 1) {
      const id = `old-${i}`;
      this.ws.send(
        JSON.stringify({ type: 'subscribe_metric', id, metric: 'events_per_minute', filters, from_ms: 0 }),
      );
    }
  }

  async hasRead(): Promise<void> {
    const until = Date.now() + 60_000;
    while (this.snapshots < SNAPSHOTS) {
      if (Date.now() > until || this.code !== null) throw new Error(`stuck at ${this.snapshots} snapshots`);
      await sleep(10);
    }
  }
}

/** What the bridge keeps for clients, by its own count; told once a second. */
async function queueBytes(): Promise<number> {
  const text = await (await fetch(`http://${base}/metrics`)).text();
  return Number(/^streamkpi_client_queue_bytes (\S+)$/m.exec(text)![1]);
}

/** Until every buffer on the way to the stalling clients is full, and stays so. */
async function untilStalled(): Promise<void> {
  let before = -1;
  for (let round = 0; round < 120; round += 1) {
    const now = await queueBytes();
    if (now === before && now >= plan.stalling * MIN_STALLED_BYTES) return;
    before = now;
    await sleep(500);
  }
  throw new Error(`the clients do not stall: ${before} bytes are kept`);
}

async function measure(): Promise<{ p50: number; p99: number; samples: number }> {
  samples = [];
  const ticks = Math.round(plan.secondsARun * plan.ticksASecond);
  const began = performance.now();
  for (let tick = 0; tick < ticks; tick += 1) {
    const due = began + (tick * 1_000) / plan.ticksASecond;
    await sleep(Math.max(0, due - performance.now()));
    sentAt.push(performance.now());
    await send([event('live', plan.windowMs + 1)]);
  }
  await sleep(200);
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!;
  return { p50: at(0.5), p99: at(0.99), samples: sorted.length };
}

async function finish(readers: readonly WebSocket[], stallers: readonly Staller[]): Promise<void> {
  const readOn = stallers.slice(0, Math.floor(stallers.length / 2));
  const never = stallers.slice(readOn.length);
  for (const staller of stallers) staller.stall();
  await untilStalled();
  // More points than are kept for one client.
  const everyone = Array.from({ length: plan.segments }, (_, i) => event(`user-${i}`, plan.windowMs + 1));
  await send(everyone);
  await sleep(300);
  for (const { ws } of readOn) ws.resume();
  await Promise.all(readOn.map((staller) => staller.hasRead()));
  await sleep(plan.slowClientTimeoutMs + 2_000);
  // The close waits behind what was not read.
  for (const { ws } of never) ws.resume();
  const until = Date.now() + 60_000;
  while (never.some(({ code }) => code === null) && Date.now() < until) await sleep(50);
  const closeCodes: Record<string, number> = {};
  for (const { code } of never) closeCodes[String(code)] = (closeCodes[String(code)] ?? 0) + 1;
  say({
    step: 'end',
    readOn: readOn.length,
    resynced: readOn.filter(({ resyncs }) => resyncs > 0).length,
    caughtUp: readOn.filter(
      ({ counts }) =>
        counts.get('live') === sentAt.length - 1 &&
        [...counts.values()].filter((count) => count === 1).length === plan.segments,
    ).length,
    closeCodes,
    othersOpen: readers.filter(({ readyState }) => readyState === WebSocket.OPEN).length,
  });
}

async function main(): Promise<void> {
  const readers: WebSocket[] = [];
  for (let from = 0; from < plan.clients - plan.stalling; from += 100) {
    const indexes = Array.from(
      { length: Math.min(100, plan.clients - plan.stalling - from) },
      (_, i) => from + i,
    );
    readers.push(...(await Promise.all(indexes.map(openReader))));
  }
  const newStallers = (): Promise<Staller[]> =>
    Promise.all(Array.from({ length: plan.stalling }, () => Staller.open()));
  let stallers = await newStallers();
  await sleep(500);
  say({ step: 'connected', clients: readers.length + stallers.length });
  // Warm both sides before anything counts.
  await measure();

  const p99: Record<'allRead' | 'someStalled', number[]> = { allRead: [], someStalled: [] };
  const good = (): boolean =>
    othersWaitNoLonger(p99.allRead.slice(-plan.pairs), p99.someStalled.slice(-plan.pairs));
  for (let pair = 0; pair < plan.pairs || (pair < plan.maxPairs && !good()); pair += 1) {
    // Which of the two comes first changes with each pair.
    for (const stalled of pair % 2 === 0 ? [false, true] : [true, false]) {
      if (stalled) for (const staller of stallers) staller.stall();
      if (stalled) await untilStalled();
      else await sleep(300);
      const run = await measure();
      p99[stalled ? 'someStalled' : 'allRead'].push(run.p99);
      say({ step: 'run', stalled, ...run });
      if (!stalled) continue;
      for (const { ws } of stallers) ws.terminate();
      stallers = await newStallers();
    }
  }
  await finish(readers, stallers);
  for (const ws of readers) ws.terminate();
  process.exit(0);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
  process.exit(1);
});
