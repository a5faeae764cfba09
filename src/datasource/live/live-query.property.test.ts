import fc from 'fast-check';
import { HOUR, LiveStage, MINUTE, NOON, lastHours, type StagePanel } from '../testing/live-stage';

/** Whatever happens between the page, Grafana Live and the backend: in the end a panel shows what the store holds. */

const A = { segment: 'a' };
const B = { segment: 'b' };
type Step =
  | {
      do: 'write';
      series: { segment: string };
      minute: number;
      value: number;
      fate: 'told' | 'lost' | 'late';
    }
  | { do: 'remove'; series: { segment: string }; minute: number; fate: 'told' | 'lost' | 'late' }
  | { do: 'expire'; series: { segment: string }; minute: number }
  | { do: 'pass'; ms: number }
  | { do: 'refresh'; panel: number; hours: number }
  | { do: 'close'; panel: number }
  | {
      do:
        | 'hold'
        | 'release'
        | 'break'
        | 'connect'
        | 'gap'
        | 'fail'
        | 'mend'
        | 'hide'
        | 'show'
        | 'restart'
        | 'shut'
        | 'wipe';
    };

const fate = fc.constantFrom('told' as const, 'told' as const, 'lost' as const, 'late' as const);
const series = fc.constantFrom(A, B);
const minute = fc.integer({ min: 1, max: 150 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant('write' as const), series, minute, value: fc.nat(99), fate }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), series, minute, fate }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const), series, minute }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(6_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('refresh' as const),
      panel: fc.nat(2),
      hours: fc.constantFrom(1, 2, 3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), panel: fc.nat(2) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'hold',
        'release',
        'break',
        'connect',
        'gap',
        'fail',
        'mend',
        'hide',
        'show',
        'restart',
        'shut',
        'wipe',
      ),
    }),
  },
);

class Schedule {
  readonly stage = new LiveStage();
  readonly panels: StagePanel[];
  private readonly late: unknown[] = [];
  private runs = 1;

  constructor() {
    const { stage } = this;
    stage.backend.write(A, NOON - 2 * MINUTE, 1);
    this.panels = [stage.open({}, lastHours(1)), stage.open({}, lastHours(2)), stage.open({}, lastHours(1))];
  }

  take(step: Step): void {
    const { backend, live, page } = this.stage;
    switch (step.do) {
      case 'write':
        this.tell(backend.write(step.series, NOON - step.minute * MINUTE, step.value), step.fate);
        break;
      case 'remove':
        this.tell(backend.remove(step.series, NOON - step.minute * MINUTE), step.fate);
        break;
      case 'expire':
        backend.expire(step.series, NOON - step.minute * MINUTE);
        break;
      case 'pass':
        this.stage.pass(step.ms);
        break;
      case 'refresh':
        this.panels[step.panel]?.refresh(lastHours(step.hours));
        break;
      case 'close':
        this.panels[step.panel]?.close();
        break;
      case 'hold':
        backend.holds = true;
        break;
      case 'release':
        backend.holds = false;
        backend.release();
        break;
      case 'break':
        live.lose();
        break;
      case 'connect':
        live.connect(true);
        break;
      case 'gap':
        live.send({ type: 'gap', reason: 'resync' });
        break;
      case 'fail':
        backend.fault = { message: 'down', status: 502 };
        break;
      case 'mend':
        backend.fault = undefined;
        break;
      case 'hide':
      case 'show':
        page.show(step.do === 'show');
        break;
      case 'restart':
        this.runs += 1;
        live.restart(`run-${this.runs}`);
        break;
      case 'shut':
        for (const channel of live.open) channel.end();
        break;
      case 'wipe':
        backend.loseStore(`epoch-${this.stage.backend.asked.length}-${this.runs}`);
        break;
    }
    this.check();
  }

  /** All is well from here on; gives what the panels show after a while. */
  settle(): void {
    const { backend, live, page } = this.stage;
    backend.fault = undefined;
    backend.holds = false;
    backend.release();
    page.show(true);
    for (const panel of this.panels) if (panel.isClosed) panel.refresh();
    // What was on its way arrives: out of order, where the stream does not let it in any more.
    for (const message of this.late)
      for (const channel of live.open) if (channel.isConnected) channel.tell(message);
    // Points stand at whole minutes: half-way between two none is just leaving a range, which is seen a moment later.
    const isBetween = () => Math.abs((Date.now() % MINUTE) - MINUTE / 2) < 5_000;
    for (let second = 0; second < 60 || !isBetween(); second += 2) {
      for (const channel of live.open)
        if (!channel.isConnected) channel.connect({ v: 1, type: 'hello', active: true });
      live.send({ type: 'heartbeat', ...this.stage.head() });
      this.stage.pass(2_000);
    }
  }

  private tell(update: unknown, how: 'told' | 'lost' | 'late'): void {
    const body = { type: 'update', ...this.stage.head(), series: [update] };
    if (how === 'told') this.stage.live.send(body);
    else if (how === 'late') this.late.push(this.stage.live.skip(body));
    else this.stage.live.skip(body);
  }

  /** What holds at every moment. */
  private check(): void {
    for (const panel of this.panels) {
      if (panel.responses.length === 0) continue;
      for (const points of Object.values(panel.points)) {
        points.forEach(([time], i) => {
          if (i > 0) expect(time).toBeGreaterThan(points[i - 1]![0]);
        });
      }
    }
  }
}

test('every panel ends with the points of the store', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const schedule = new Schedule();
      try {
        for (const one of steps) schedule.take(one);
        schedule.settle();
        for (const panel of schedule.panels) {
          const from = Date.now() - panel.hours * HOUR;
          const shown = schedule.stage.backend.truth(from, Date.now());
          expect(panel.state).toBe('connected');
          expect(panel.points).toEqual(shown);
        }
      } finally {
        schedule.stage.end();
      }
    }),
    { numRuns: 100 },
  );
});
