import { setTimeout as delay } from 'node:timers/promises';
import { EVENTS, startLiveBridge, type LiveBridge } from './websocket-bridge';
import type { TestClient } from './websocket-client';
import { MINUTE } from '../support/sample-metrics';
import { SelectionCopy } from '../support/selection-copy';

/** Clients that do not read: conflated, resynced, closed; the others do not notice. */
describe('slow clients', () => {
  const base = Math.floor(Date.now() / MINUTE) * MINUTE - 20 * MINUTE;
  const BUFFER = 65_536;
  let bridge: LiveBridge;
  afterEach(() => bridge.close());

  const segment = (index: number): string => `segment-${index}-${'x'.repeat(200)}`;
  /** Writes every segment's point `rounds` times, one revision after the other. */
  async function churn(rounds: number, segments: number): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      await bridge.feeder.write(
        EVENTS,
        Array.from({ length: segments }, (_, index) => ({
          values: [segment(index)],
          startMs: base,
          measures: [Math.random()],
        })),
      );
      await delay(2);
    }
  }
  const halt = (client: TestClient): void => client.ws.pause();
  const goOn = (client: TestClient): void => client.ws.resume();
  async function subscribed(from = base): Promise<{ client: TestClient; copy: SelectionCopy }> {
    const client = await bridge.connect();
    client.send({ type: 'subscribe_metric', id: 's', metric_name: EVENTS.name, from_ms: from });
    await client.next('subscribed');
    return { client, copy: new SelectionCopy('s') };
  }
  async function expectSame({ client, copy }: { client: TestClient; copy: SelectionCopy }): Promise<void> {
    const answer = await bridge.engine.query(
      { metric: EVENTS.name, fromMs: base, toMs: base + MINUTE, includeRevisions: true },
      [],
    );
    const wanted = Object.fromEntries(
      answer.series.map((one) => [
        JSON.stringify(one.labels),
        one.times.map((time, i) => [time, one.values[i], one.revisions[i]]),
      ]),
    );
    let applied = 0;
    const follow = (): string => {
      for (; applied < client.messages.length; applied += 1) copy.apply(client.messages[applied]!);
      return JSON.stringify(copy.points());
    };
    await client
      .until(() => follow() === JSON.stringify(wanted) && copy.synced, 'the same points')
      .catch(() => {});
    expect(JSON.parse(follow())).toEqual(wanted);
    expect(copy.faults).toEqual([]);
  }

  test('past the soft bound updates conflate to the newest value of each point', async () => {
    bridge = await startLiveBridge({ options: { bufferBytes: BUFFER } });
    const slow = await subscribed();
    const quick = await subscribed();
    halt(slow.client);
    await churn(600, 100);
    expect(bridge.told.get('pointsConflated')).toBeGreaterThan(0);
    expect(bridge.face.counts().queuedBytes).toBeLessThan(4 * BUFFER);
    await expectSame(quick);
    goOn(slow.client);
    await expectSame(slow);
    expect(slow.copy.resyncs).toBe(0);
    expect(slow.copy.updates).toBeLessThan(quick.copy.updates);
  });

  test('past the hard bound: resync when the client reads on, then a fresh subscribed', async () => {
    bridge = await startLiveBridge({ options: { bufferBytes: BUFFER } });
    const slow = await subscribed();
    const original = await bridge.connect();
    await original.next('current_state');
    halt(slow.client);
    halt(original);
    await churn(40, 1_000);
    expect(bridge.face.counts().queuedBytes).toBeLessThan(20 * BUFFER);
    goOn(slow.client);
    goOn(original);
    await expectSame(slow);
    expect(slow.copy.resyncs).toBe(1);
    expect(slow.client.messages.find(({ type }) => type === 'resync')).toMatchObject({
      reason: 'slow_client',
    });
    await original.next('resync');
    const state = await original.next('current_state');
    expect(state.data).toMatchObject({ 'events_per_minute:aggregator': { count: 1_000 } });
  });

  test('who takes nothing for the set time is closed with 4408', async () => {
    bridge = await startLiveBridge({
      options: { bufferBytes: BUFFER, slowClientTimeoutMs: 1_500, closeWithinMs: 30_000 },
    });
    const stalled = await subscribed();
    const reading = await subscribed();
    const idle = await bridge.connect();
    idle.send({ type: 'subscribe_metric', metric_name: 'revenue_per_minute' });
    halt(stalled.client);
    await churn(60, 1_000);
    for (let i = 0; i < 60 && bridge.face.counts().connections > 2; i += 1) await delay(100);
    expect(bridge.face.counts().connections).toBe(2);
    goOn(stalled.client);
    expect(await stalled.client.closeCode()).toBe(4408);
    await expectSame(reading);
    expect(idle.closed).toBeNull();
  });

  test('long answers go out in pieces, and others get theirs in between', async () => {
    bridge = await startLiveBridge({ options: { bufferBytes: BUFFER } });
    await churn(1, 1_000);
    const slow = await bridge.connect();
    await slow.next('current_state');
    halt(slow);
    for (let i = 0; i < 30; i += 1) slow.send({ type: 'get_historical_data', metric_name: EVENTS.name });
    await delay(500);
    // At most one long answer is waiting at a time.
    expect(bridge.face.counts().queuedBytes).toBeLessThan(1_000_000);
    const quick = await bridge.connect();
    quick.send({ type: 'get_historical_data', metric_name: EVENTS.name });
    expect((await quick.next('historical_data')).data).toHaveLength(1_000);
    goOn(slow);
    await slow.until(
      () => slow.messages.filter(({ type }) => type === 'historical_data').length === 30,
      'all',
    );
  });
});
