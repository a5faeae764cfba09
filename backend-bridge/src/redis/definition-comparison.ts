import { setTimeout as delay } from 'node:timers/promises';
import type { Metric } from '../domain/metric';
import { answerDigest } from '../domain/metric-shape';
import type { Log } from '../domain/telemetry';
import { definitionsKey } from './redis-keys';
import type { RedisLink } from './redis-link';

const COMPARE_MS = 10_000;
/** The hash is gone a minute after the last bridge. */
const KEPT_MS = 60_000;
/** A bridge whose entry stays the same for this number of rounds has ended. */
const SILENT_ROUNDS = 3;
/** A difference counts from the second round on: bridges read a changed metrics file at different moments. */
const LASTING_ROUNDS = 2;
const NAMED = 3;

/** Digests of the definitions by metric. */
type Digests = Readonly<Record<string, string>>;

interface OtherBridge {
  text: string;
  silentRounds: number;
  /** How this bridge differs, as a sentence; empty: it does not. */
  difference: string;
  differsRounds: number;
}

/**
 * Compares the definitions of the metrics with those of the other bridges on this Redis. Bridges that differ work, but
 * give different answers, and what only one of them reads is missing where another one reads the partition.
 */
export class DefinitionComparison {
  private readonly key: string;
  private running: Promise<void> | null = null;
  private round = 0;
  private others: ReadonlyMap<string, OtherBridge> = new Map();
  private logged: readonly string[] = [];

  constructor(
    private readonly link: Pick<RedisLink, 'pipeline'>,
    keyPrefix: string,
    private readonly bridgeName: string,
    private readonly metrics: ReadonlyMap<string, { readonly metric: Metric }>,
    private readonly dependencies: { readonly log: Log },
  ) {
    this.key = definitionsKey(keyPrefix);
  }

  /** How other bridges differ, a sentence each. */
  get differences(): readonly string[] {
    return [...this.others.values()].flatMap(({ difference, differsRounds, silentRounds }) =>
      differsRounds >= LASTING_ROUNDS && silentRounds < SILENT_ROUNDS ? [difference] : [],
    );
  }

  /** Compares now and then until the signal aborts. */
  start(signal: AbortSignal): void {
    this.running ??= this.run(signal);
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // The last result stays; the change subscriber reports that Redis is down.
      await this.compare().catch(() => undefined);
      await delay(COMPARE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Announces the own definitions and reads the others'. Rejects with UnavailableError. */
  async compare(): Promise<void> {
    const { key, bridgeName } = this;
    this.round += 1;
    const own: Digests = Object.fromEntries(
      [...this.metrics.values()].map(({ metric }) => [metric.name, answerDigest(metric)]),
    );
    const replies = await this.link.pipeline([
      ['HSET', key, bridgeName, `${this.round} ${JSON.stringify(own)}`],
      ['PEXPIRE', key, KEPT_MS],
      ['HGETALL', key],
    ]);
    const flat = (replies[2] as readonly Buffer[]).map((bytes) => bytes.toString());
    const others = new Map<string, OtherBridge>();
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const [name, text] = [flat[i]!, flat[i + 1]!];
      if (name === bridgeName) continue;
      const before = this.others.get(name);
      const difference = differenceOf(name, digestsIn(text), own);
      const isSilent = before?.text === text;
      const isSame = difference !== '' && before?.difference === difference;
      others.set(name, {
        text,
        silentRounds: isSilent ? before.silentRounds + 1 : 0,
        difference,
        differsRounds: difference === '' ? 0 : isSame ? before.differsRounds + 1 : 1,
      });
    }
    this.others = others;
    await this.forgetSilent();
    this.report();
  }

  private async forgetSilent(): Promise<void> {
    const silent = [...this.others].flatMap(([name, { silentRounds }]) =>
      silentRounds >= SILENT_ROUNDS ? [name] : [],
    );
    if (silent.length > 0) await this.link.pipeline([['HDEL', this.key, ...silent]]);
  }

  private report(): void {
    const { differences } = this;
    for (const difference of differences) {
      if (!this.logged.includes(difference)) this.dependencies.log.warn({}, difference);
    }
    this.logged = differences;
  }
}

/** Null: written by something else. */
function digestsIn(text: string): Digests | null {
  try {
    const digests: unknown = JSON.parse(text.slice(text.indexOf(' ') + 1));
    return typeof digests === 'object' ? (digests as Digests | null) : null;
  } catch {
    return null;
  }
}

/** Empty when the definitions are the same. */
function differenceOf(bridge: string, theirs: Digests | null, own: Digests): string {
  if (theirs === null) return '';
  const names = (from: Digests, differs: (name: string) => boolean): string => {
    const found = Object.keys(from).filter(differs).sort();
    const more = found.length > NAMED ? ` and ${found.length - NAMED} more` : '';
    return found.slice(0, NAMED).join(', ') + more;
  };
  const parts = [
    [
      'has another definition of',
      names(own, (name) => Object.hasOwn(theirs, name) && theirs[name] !== own[name]),
    ],
    ['does not have', names(own, (name) => !Object.hasOwn(theirs, name))],
    ['also has', names(theirs, (name) => !Object.hasOwn(own, name))],
  ].flatMap(([verb, metrics]) => (metrics === '' ? [] : [`${verb} ${metrics}`]));
  return parts.length === 0
    ? ''
    : `The bridge ${bridge} ${parts.join(', ')}: answers differ and points may be missing; give every bridge the same metrics file`;
}
