import { LiveStage, MINUTE, NOON, type StagePanel } from '../testing/live-stage';
import type { StreamKpiQuery } from '../query';

/**
 * How soon panels are up to date after an outage, by the clock of their own retries. The fault matrix in the browser
 * waits longer, since a busy machine is slow. Jitter at both its ends; outages so long that every backoff has grown.
 */

const A = { segment: 'a' };
const LIMIT_MS = 20_000;
const STEP_MS = 250;
const SIGN_MS = 4_000;

interface Kind {
  readonly name: string;
  readonly mode: 'points' | 'events' | 'changed' | 'poll';
  readonly query: Partial<StreamKpiQuery>;
}

const KINDS: readonly Kind[] = [
  { name: 'series', mode: 'points', query: {} },
  { name: 'summary', mode: 'changed', query: { kind: 'summary' } },
  { name: 'events', mode: 'events', query: { kind: 'events' } },
  { name: 'forecast', mode: 'changed', query: { kind: 'forecast' } },
  { name: 'status', mode: 'poll', query: { kind: 'status' } },
];

interface Outage {
  readonly name: string;
  begin(stage: LiveStage): void;
  end(stage: LiveStage): void;
  /** False: the stream is back at a time that is not the panel's. */
  readonly streams?: false;
}

const NO_BRIDGE = { message: 'No bridge listens at http://bridge:8765.', status: 502 };
const REFUSED = { message: 'The token was withdrawn.', status: 401 };
/** The most that the backend takes to find the bridge back (pkg/bridge/outages_test.go). */
const BACKEND_MS = 18_000;
const reconnecting = { type: 'state', state: 'reconnecting', message: NO_BRIDGE.message };

const OUTAGES: readonly Outage[] = [
  {
    name: 'the browser is offline, or Grafana is down',
    begin: ({ live, backend }) => {
      live.lose();
      backend.isOffline = true;
    },
    // Grafana's own client connects again, at a time of its own.
    end: ({ backend }) => (backend.isOffline = false),
    streams: false,
  },
  {
    name: 'Grafana has ended the stream, and refuses it',
    begin: ({ live, backend }) => {
      live.refuses = true;
      for (const channel of live.open) channel.end();
      backend.fault = REFUSED;
    },
    end: ({ live, backend }) => {
      live.refuses = false;
      backend.fault = undefined;
    },
  },
  {
    name: 'the stream alone is refused',
    begin: ({ live }) => {
      live.refuses = true;
      for (const channel of live.open) channel.end();
    },
    end: ({ live }) => (live.refuses = false),
  },
  {
    name: 'the bridge is down',
    begin: (stage) => {
      isStreamDown = true;
      stage.live.send(reconnecting);
      stage.backend.fault = NO_BRIDGE;
    },
    end: (stage) => {
      stage.backend.fault = undefined;
      setTimeout(() => {
        isStreamDown = false;
        stage.live.send({ type: 'state', state: 'connected' });
      }, BACKEND_MS);
    },
  },
];

/** Minutes and an odd rest, so that the end meets each backoff at another moment. */
const DURATIONS_MS = [7_000, 61_500, 127_000, 300_250, 607_750, 621_250];

let stage: LiveStage;
let isStreamDown = false;
/** The backend gives a sign of life every four seconds. */
function pass(ms: number): void {
  for (let leftMs = ms; leftMs > 0; leftMs -= SIGN_MS) {
    stage.pass(Math.min(SIGN_MS, leftMs));
    stage.live.send(isStreamDown ? reconnecting : { type: 'heartbeat', ...stage.head() });
  }
}
/** Writes a point and an event whose times are their names. */
const write = (at: number): void => {
  stage.backend.write(A, at, 1);
  stage.backend.raise({ id: String(at), time_ms: at });
};
/** Whether it shows what was written at that time, or for a number how much was written. */
const shows = (panel: StagePanel, { mode }: Kind, at: number): boolean => {
  if (mode === 'events') return panel.column('id').includes(String(at));
  if (mode === 'points')
    return Object.values(panel.points)
      .flat()
      .some(([time]) => time === at);
  return panel.column('last')[0] === Object.values(stage.backend.truth()).flat().length;
};

describe.each(OUTAGES)('while $name', ({ begin, end, streams }) => {
  test.each(KINDS)(
    `$name is up to date within ${LIMIT_MS / 1_000} s after it, however long it was`,
    (kind) => {
      const late: object[] = [];
      for (const random of [0, 0.5, 0.999]) {
        stage = new LiveStage(() => random);
        stage.live.connectsAtOnce = true;
        stage.backend.mode = kind.mode;
        write(NOON - MINUTE);
        const panel = stage.open(kind.query);
        pass(5_000);
        expect(shows(panel, kind, NOON - MINUTE)).toBe(true);
        for (const outageMs of DURATIONS_MS) {
          begin(stage);
          pass(outageMs);
          const at = Date.now() - MINUTE;
          write(at);
          end(stage);
          const isBack = (): boolean =>
            shows(panel, kind, at) &&
            (streams === false || panel.state === (kind.mode === 'poll' ? 'polling' : 'connected'));
          let tookMs = 0;
          for (; tookMs <= 4 * LIMIT_MS && !isBack(); tookMs += STEP_MS) pass(STEP_MS);
          if (tookMs > LIMIT_MS) late.push({ random, outageMs, tookMs, state: panel.state });
          if (streams === false) stage.live.connect();
          pass(MINUTE);
        }
        stage.end();
      }
      expect(late).toEqual([]);
    },
  );
});
