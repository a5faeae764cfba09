import { setTimeout as sleep } from 'node:timers/promises';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import { ingest, putProfiles, query, temporaryFolder } from '../../support/embedded-bridge';
import { eventsAround, MINUTE_MS, recount, type RawEvent, type Recount } from '../../support/raw-events';
import { createRandom } from '../../support/seeded-random';

/**
 * kill -9 while events come in over HTTP: what was acknowledged is counted exactly once, and a call that was
 * cut off is counted wholly or not at all, the same in every metric.
 */

const SENDERS = ['red', 'green', 'blue'];
const EVENTS_A_CALL = 60;
const TICK_MS = 4_000;
const userOf = (sender: string, number: number): string => `${sender}-${number}`;
const senderOf = (user: string): string => user.slice(0, user.indexOf('-'));

export interface KillReport {
  readonly kills: number;
  readonly acknowledged: number;
  /** Calls cut off by a kill that were found counted, and not counted. */
  readonly cutOffCounted: number;
  readonly cutOffLost: number;
  readonly found: Recount;
  readonly expected: Recount;
}

export async function killWhileIngesting(rounds: number, seed: number): Promise<KillReport> {
  const folder = temporaryFolder();
  const environment = { STORE_PATH: `${folder.path}/data`, DEMO: 'off' };
  const random = createRandom(seed);
  let bridge = await startBridge(environment);
  try {
    await bridge.ready();
    const users = SENDERS.flatMap((sender) => Array.from({ length: 10 }, (_, i) => userOf(sender, i)));
    await putProfiles(bridge, Object.fromEntries(users.map((user) => [user, senderOf(user)])));
    const fromMs = Math.floor((Date.now() - 20 * 3_600_000) / MINUTE_MS) * MINUTE_MS;
    let now = fromMs + 15 * MINUTE_MS;
    /** In the order in which they were counted, as far as it matters: each sender's own. */
    const counted: RawEvent[] = [];
    let acknowledged = 0;
    let cutOffCounted = 0;
    let cutOffLost = 0;

    const callOf = (sender: string): RawEvent[] =>
      eventsAround(
        now,
        EVENTS_A_CALL,
        {
          users: Array.from({ length: 10 }, (_, i) => userOf(sender, i)),
          busyUser: userOf(sender, 0),
          tooLate: 0.02,
        },
        random,
      );

    for (let round = 0; round < rounds; round += 1) {
      const dying = sleep(random() * 700).then(() => bridge.kill9());
      const cutOff = new Map<string, RawEvent[]>();
      while (cutOff.size === 0) {
        now += TICK_MS;
        await Promise.all(
          SENDERS.map(async (sender) => {
            const events = callOf(sender);
            try {
              const { accepted } = await ingest(bridge, events);
              if (accepted !== events.length) throw new Error(`only ${accepted} were accepted`);
              counted.push(...events);
              acknowledged += events.length;
            } catch (error) {
              if (error instanceof Error && error.message.startsWith('only')) throw error;
              cutOff.set(sender, events);
            }
          }),
        );
      }
      await dying;
      bridge = await startBridge({ ...environment, BRIDGE_PORT: String(bridge.port) });
      await bridge.ready();
      for (const [sender, events] of cutOff) {
        const found = await eventsOf(bridge, sender, fromMs);
        const without = total(recount(counted, senderOf), sender);
        const with_ = total(recount([...counted, ...events], senderOf), sender);
        if (found === with_) {
          counted.push(...events);
          cutOffCounted += 1;
        } else if (found === without) cutOffLost += 1;
        else
          throw new Error(`${sender} has ${found} events: neither ${without} nor ${with_} (round ${round})`);
      }
    }
    return {
      kills: rounds,
      acknowledged,
      cutOffCounted,
      cutOffLost,
      found: await everything(bridge, fromMs),
      expected: recount(counted, senderOf),
    };
  } finally {
    await bridge.kill9();
    folder.remove();
  }
}

const total = (result: Recount, sender: string): number =>
  [...result.events].reduce((sum, [key, count]) => sum + (key.startsWith(`${sender}|`) ? count : 0), 0);

async function eventsOf(bridge: BridgeProcess, sender: string, fromMs: number): Promise<number> {
  const { series } = await query(bridge, {
    metric: 'events_per_minute',
    from_ms: fromMs,
    to_ms: Date.now(),
    filters: [{ dimension: 'segment', op: '=', values: [sender] }],
  });
  return series.flatMap(({ values }) => values).reduce<number>((sum, value) => sum + value!, 0);
}

/** What the bridge says, in the form of a recount. */
export async function everything(bridge: BridgeProcess, fromMs: number): Promise<Recount> {
  const points = async (metric: string, label: string, measure = 'value'): Promise<Map<string, number>> => {
    const answer = await query(bridge, { metric, measure, from_ms: fromMs, to_ms: Date.now() });
    return new Map(
      answer.series.flatMap(({ labels, times, values }) =>
        times.map((time, i): [string, number] => [`${labels[label] ?? ''}|${time}`, values[i]!]),
      ),
    );
  };
  return {
    events: await points('events_per_minute', 'segment'),
    revenue: await points('revenue_per_minute', 'segment'),
    transactions: await points('revenue_per_minute', 'segment', 'transaction_count'),
    amounts: await points('revenue_per_minute', 'segment', 'amount_count'),
    activeUsers: await points('active_users_per_minute', ''),
    highActivity: await points('high_activity_alert', 'user_id'),
  };
}
