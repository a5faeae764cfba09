import { withoutCredentials } from '../domain/credentials';
import { within } from '../domain/deadline';
import { UnavailableError, type Hop } from '../domain/errors';
import type { Source } from '../domain/source';
import type { ClockState } from './http-dependencies';
import type { SeriesStore } from '../domain/store';
import type { MonotonicClock } from '../domain/telemetry';

export interface Failing {
  readonly hop: Hop | 'clock';
  readonly message: string;
}

export interface HopStates {
  readonly store: Failing | null;
  readonly source: Failing | null;
  readonly clock: Failing | null;
}

const CACHE_MS = 250;
const STORE_LIMIT_MS = 1_500;
const NOT_STARTED = {
  kafka: 'The consumer has not joined its group yet',
  pipeline: 'The pipeline has not started yet',
} as const;
const STORE_NAMES = { redis: 'Redis', lmdb: 'The embedded store (LMDB)' } as const;

/** Readiness of every hop. Checks at most four times a second and waits at most 1.5 s for the store. */
export class Readiness {
  private last: { readonly atMs: number; readonly states: Promise<HopStates> } | undefined;

  constructor(
    private readonly source: Source,
    private readonly store: SeriesStore,
    private readonly clockState: Pick<ClockState, 'fault'>,
    private readonly storeFault: () => Error | null = () => null,
    private readonly monotonic: MonotonicClock = () => performance.now(),
  ) {}

  /**
   * The first failing hop; null when the bridge is ready. The clock is checked first, since a wrong clock makes other
   * hops fail, then the store, whose failures stop the source.
   */
  async failing(): Promise<Failing | null> {
    const states = await this.states();
    return states.clock ?? states.store ?? states.source;
  }

  states(): Promise<HopStates> {
    const nowMs = this.monotonic();
    if (!this.last || nowMs - this.last.atMs >= CACHE_MS) this.last = { atMs: nowMs, states: this.ask() };
    return this.last.states;
  }

  private async ask(): Promise<HopStates> {
    const store = await this.askStore();
    const fault = this.clockState.fault();
    return {
      store,
      source: this.askSource(),
      clock: fault === null ? null : { hop: 'clock', message: capitalised(fault) },
    };
  }

  private askSource(): Failing | null {
    const hop = this.source.kind === 'kafka' ? 'kafka' : 'pipeline';
    try {
      const status = this.source.status();
      if (status.failing) return shown(status.failing);
      if (status.ready) return null;
      return { hop, message: status.pending ?? NOT_STARTED[hop] };
    } catch (error) {
      return shown({ hop, message: (error as Error).message });
    }
  }

  private async askStore(): Promise<Failing | null> {
    const name = STORE_NAMES[this.store.kind];
    try {
      const fault = this.storeFault();
      if (fault !== null) throw fault;
      const answered = await within(this.store.checkReady(), STORE_LIMIT_MS);
      return answered
        ? null
        : { hop: 'store', message: `${name} did not answer within ${STORE_LIMIT_MS} ms` };
    } catch (error) {
      const hop = error instanceof UnavailableError ? error.hop : 'store';
      return shown({ hop, message: `${name}: ${(error as Error).message}` });
    }
  }
}

function capitalised(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/** The failure as /readyz may show it to anyone: library messages may quote a URL. */
function shown({ hop, message }: Failing): Failing {
  return { hop, message: withoutCredentials(message) };
}
