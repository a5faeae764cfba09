import { setTimeout as delay } from 'node:timers/promises';
import type { Plan } from '../../backend-bridge/src/domain/query-answer';
import { METRICS, REVENUE, startLiveBridge, type LiveBridge } from './websocket-bridge';
import type { TestClient } from './websocket-client';
import { MINUTE } from '../support/sample-metrics';
import { SelectionCopy } from '../support/selection-copy';
import { createRandom } from '../support/seeded-random';

/** Subscribers end with the same points as a query, whatever happens in between, and never see one go back. */
describe('races', () => {
  const base = Math.floor(Date.now() / (10 * MINUTE)) * 10 * MINUTE - 30 * MINUTE;
  let bridge: LiveBridge;
  beforeEach(async () => {
    bridge = await startLiveBridge();
  });
  afterEach(() => bridge.close());

  const selections: Record<string, unknown>[] = [
    {},
    { measure: 'transaction_count', filters: [{ dimension: 'segment', op: '!=', values: ['s1'] }] },
    { group_by: ['site'] },
    { group_by: [], step_ms: 5 * MINUTE, over_time: 'sum' },
    { step_ms: 2 * MINUTE, over_time: 'max' },
    { include_open: false },
    { include_open: false, group_by: ['segment'], step_ms: 2 * MINUTE },
  ];

  class Subscriber {
    client: TestClient | null = null;
    copy = new SelectionCopy('s');
    applied = 0;

    constructor(
      readonly selection: Record<string, unknown>,
      readonly fromMs: number,
    ) {}

    async connect(): Promise<void> {
      this.applied = 0;
      this.client = await bridge.connect();
      this.client.send({
        type: 'subscribe_metric',
        id: 's',
        metric_name: REVENUE.name,
        from_ms: this.fromMs,
        ...this.selection,
      });
    }

    drop(): void {
      this.follow();
      this.client?.drop();
      this.client = null;
      this.copy.disconnected();
    }

    follow(): void {
      const messages = this.client?.messages ?? [];
      for (; this.applied < messages.length; this.applied += 1) this.copy.apply(messages[this.applied]!);
    }
  }

  test.each([1, 2, 3])(
    'slow snapshots, reconnects, gaps: seed %i',
    async (seed) => {
      const next = createRandom(seed);
      const pick = (n: number): number => Math.floor(next() * n);
      const wait = (): Promise<void> => delay(next() < 0.3 ? next() * 60 : 0);
      bridge.slow.before = wait;
      bridge.slow.after = wait;
      const subscribers = [...selections, ...selections].map(
        (selection, index) => new Subscriber(selection, base + (index % 3) * 10 * MINUTE),
      );
      await Promise.all(subscribers.map((subscriber) => subscriber.connect()));
      let watermark = base;
      for (let round = 0; round < 60; round += 1) {
        watermark += pick(45_000);
        await bridge.feeder.write(
          REVENUE,
          Array.from({ length: 1 + pick(20) }, () => ({
            values: [`s${pick(3)}`, `t${pick(2)}`],
            startMs: base + pick(25) * MINUTE,
            measures: [pick(1_000), pick(10)],
            removed: next() < 0.15,
          })),
          watermark,
        );
        if (next() < 0.3) {
          const one = subscribers[pick(subscribers.length)]!;
          one.drop();
          await one.connect();
        }
        if (next() < 0.1) for (const listener of bridge.listeners) listener.onGap(REVENUE, 'test');
        await delay(next() * 25);
      }
      bridge.slow.before = async () => {};
      bridge.slow.after = async () => {};
      const expected = async (subscriber: Subscriber): Promise<unknown> => {
        const { selection } = subscriber;
        const plan: Plan = bridge.engine.plan(
          {
            metric: REVENUE.name,
            measure: selection.measure as string | undefined,
            filters: selection.filters as Plan['filters'] | undefined,
            groupBy: selection.group_by as string[] | undefined,
            stepMs: selection.step_ms as number | undefined,
            overTime: selection.over_time as 'sum' | undefined,
            includeOpen: selection.include_open as boolean | undefined,
          },
          [],
        );
        const answer = await bridge.engine.snapshot(plan, subscriber.fromMs);
        return {
          points: Object.fromEntries(
            answer.series
              .filter((one) => one.times.length > 0)
              .map((one) => [
                JSON.stringify(one.labels),
                one.times.map((time, i) => [time, one.values[i], one.revisions[i]]),
              ]),
          ),
          open: Object.fromEntries(
            answer.series
              .filter((one) => one.openFromMs !== null)
              .map((one) => [JSON.stringify(one.labels), one.openFromMs]),
          ),
        };
      };
      let updates = 0;
      let silent = 0;
      for (const subscriber of subscribers) {
        const wanted = JSON.stringify(await expected(subscriber));
        const held = (): string => {
          subscriber.follow();
          const open = subscriber.copy.compared().filter(({ openFromMs }) => openFromMs !== null);
          return JSON.stringify({
            points: subscriber.copy.points(),
            open: Object.fromEntries(open.map(({ labels, openFromMs }) => [labels, openFromMs])),
          });
        };
        await subscriber
          .client!.until(() => held() === wanted, JSON.stringify(subscriber.selection))
          .catch(() => {});
        expect(JSON.parse(held())).toEqual(JSON.parse(wanted));
        subscriber.drop();
        expect(subscriber.copy.faults).toEqual([]);
        updates += subscriber.copy.updates;
        silent += subscriber.copy.updates === 0 ? 1 : 0;
      }
      expect(updates).toBeGreaterThan(100);
      // One that connects again late may find everything in its snapshot.
      expect(silent).toBeLessThan(subscribers.length / 2);
    },
    60_000,
  );

  /** Subscribes; the snapshot is held `before` or `after` it is read, until the returned function is called. */
  async function subscribeHeld(client: TestClient, at: 'before' | 'after'): Promise<() => void> {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let reads = 0;
    bridge.slow[at] = () => {
      reads += 1;
      return held;
    };
    client.send({ type: 'subscribe_metric', id: 's', metric_name: REVENUE.name, from_ms: base });
    await client.until(() => reads > 0, 'the read');
    return release;
  }

  test('changes during a slow snapshot come after it, and only those that are newer', async () => {
    const point = (value: number) => [{ values: ['a', 'b'], startMs: base, measures: [value, 1] }];
    await bridge.feeder.write(REVENUE, point(1));
    const client = await bridge.connect();
    await client.next('current_state');
    const release = await subscribeHeld(client, 'after');
    await bridge.feeder.write(REVENUE, point(2));
    await bridge.feeder.write(REVENUE, point(3));
    await delay(60);
    release();
    expect(await client.next('subscribed')).toMatchObject({ series: [{ values: [1], revisions: [1] }] });
    expect(await client.next('series_update')).toMatchObject({
      seq: 1,
      series: [{ values: [3], revisions: [3] }],
    });
    expect(client.messages.filter(({ type }) => type === 'series_update')).toHaveLength(1);
  });

  test('a change that the snapshot already holds is not told again', async () => {
    const client = await bridge.connect();
    await client.next('current_state');
    const release = await subscribeHeld(client, 'before');
    await bridge.feeder.write(REVENUE, [{ values: ['a', 'b'], startMs: base, measures: [1, 1] }]);
    release();
    expect(await client.next('subscribed')).toMatchObject({ series: [{ values: [1], revisions: [1] }] });
    await delay(100);
    expect(client.messages.filter(({ type }) => type === 'series_update')).toEqual([]);
  });

  test('what was kept for a snapshot under way when the store was lost is never told', async () => {
    const point = (value: number) => [{ values: ['a', 'b'], startMs: base, measures: [value, 1] }];
    const client = await bridge.connect();
    await client.next('current_state');
    const release = await subscribeHeld(client, 'after');
    await bridge.feeder.write(REVENUE, point(1));
    // The store as it was before it was lost: more changes than the new one will ever have.
    const told = { values: ['a', 'b'], startMs: base, endMs: base + MINUTE, measures: [99, 1] };
    const old = { ...told, seriesId: 1, removed: false, revision: 50, updatedMs: base, firstSeenMs: base };
    const progress = { watermarkMs: null, finalBeforeMs: null };
    for (const listener of bridge.listeners) listener.onChanges(REVENUE, [old], progress);
    await delay(60);
    for (const listener of bridge.listeners) listener.onEpoch('another');
    release();
    await client.next('subscribed', ({ series }) => (series as unknown[]).length === 1);
    await bridge.feeder.write(REVENUE, point(2));
    expect(await client.next('series_update')).toMatchObject({ series: [{ values: [2], revisions: [2] }] });
  });

  test('an epoch makes everybody forget: resync, then a fresh subscribed', async () => {
    await bridge.feeder.write(REVENUE, [{ values: ['a', 'b'], startMs: base, measures: [1, 1] }]);
    const client = await bridge.connect();
    client.send({ type: 'subscribe_metric', id: 's', metric_name: REVENUE.name, from_ms: base });
    client.send({ type: 'subscribe_metric', id: 'e', metric_name: METRICS[2]!.name, events: true });
    await client.next('events_snapshot');
    for (const listener of bridge.listeners) listener.onEpoch('another');
    await client.next('resync', ({ reason, id }) => reason === 'store_epoch' && id === 's');
    await client.until(
      () =>
        client.messages.filter(({ type }) => type === 'subscribed').length === 2 &&
        client.messages.filter(({ type }) => type === 'events_snapshot').length === 2,
      'both snapshots again',
    );
    await client.until(
      () => client.messages.some(({ type, id }) => type === 'resync' && id === undefined),
      'a resync of the original level',
    );
  });
});
