import { setTimeout as sleep } from 'node:timers/promises';
import { ALERTS, EVENTS, HOPPING, REVENUE } from '../fed-bridge/fed-metrics';
import { createRandom } from '../seeded-random';
import type { LivePage } from './live-page';
import { LivePanel } from './live-panel';
import type { LiveWorld } from './live-world';
import { choosePanelQuery, SEGMENTS } from './panel-queries';
import { quietPoint } from './quiet-point';
import { WrittenPoints } from './written-points';

/**
 * A random sequence of what may happen to panels, bridge, backend and connections; a seed decides it. Now and then
 * everything is let settle, and the panels must show what the backend and the bridge answer, to the bit.
 */

export interface ScheduleResult {
  readonly seed: number;
  /** Empty: all was well. */
  readonly faults: readonly string[];
  /** What was done, in order. */
  readonly log: readonly string[];
  /** Series whose summaries were compared. */
  readonly summaries: number;
  readonly tookMs: number;
}

const MINUTE_MS = 60_000;
const RANGES = ['now-45m', 'now-1h', 'now-2h', 'now-4h'] as const;
const MOST_PANELS = 4;
const STEPS = 24;
const STEPS_TO_QUIET = 8;

export async function runSchedule(world: LiveWorld, seed: number): Promise<ScheduleResult> {
  const began = Date.now();
  const schedule = new Schedule(world, seed);
  const faults = await schedule
    .run()
    .catch((error: unknown) => [
      ...schedule.faults(),
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    ]);
  await schedule.end();
  return { seed, faults, log: schedule.log, summaries: schedule.summaries, tookMs: Date.now() - began };
}

/** What must have happened in schedules that are many: what comes to nothing is not counted. */
export const DISTURBANCES = [
  'revision',
  'late event',
  'tombstone',
  'revived point',
  'held answer',
  'bridge restart',
  'store loss',
  'backend kill',
  'cut WebSocket',
  'cut Live',
] as const;

/** Acts that give false came to nothing. */
type Action = readonly [name: string, weight: number, act: () => Promise<unknown>];

class Schedule {
  readonly log: string[] = [];
  summaries = 0;
  private readonly random: () => number;
  private readonly panels: LivePanel[] = [];
  private readonly closedFaults: string[] = [];
  private readonly written: WrittenPoints;
  private page!: LivePage;
  /** The newest minute with points. */
  private minute: number;
  private panelCount = 0;
  /** The store's at the last look. */
  private epoch = 0;

  constructor(
    private readonly world: LiveWorld,
    seed: number,
  ) {
    this.random = createRandom(seed);
    this.written = new WrittenPoints(world.bridge, createRandom(seed + 1_000_000));
    this.minute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 40 * MINUTE_MS;
  }

  async run(): Promise<string[]> {
    // What takes how long is of another count, so that the actions of a seed stay the same.
    const timing = createRandom(Math.floor(this.random() * 2 ** 31));
    this.page = await this.world.newPage(timing);
    for (let i = 0; i < 3; i += 1) await this.newMinute();
    this.openPanel();
    for (let step = 1; step <= STEPS; step += 1) {
      await this.step();
      if (step % STEPS_TO_QUIET === 0) await this.quiet();
    }
    return this.faults();
  }

  faults(): string[] {
    return [...this.closedFaults, ...this.panels.flatMap((panel) => panel.faults)];
  }

  async end(): Promise<void> {
    for (const panel of this.panels) panel.close();
    this.page.session.close();
    await this.heal();
  }

  private get actions(): readonly Action[] {
    return [
      ['new windows', 6, () => this.newMinute()],
      ['revision', 4, async () => (await this.write(this.recent())).before > 0],
      ['late event', 2, async () => (await this.write(this.late())).isLate],
      ['tombstone', 3, () => this.remove()],
      ['revived point', 2, () => this.revive()],
      ['burst', 2, () => this.burst()],
      ['slow history', 2, async () => this.slowHistory()],
      ['bridge restart', 1, () => this.restartBridge()],
      ['store loss', 0.4, () => this.loseStore()],
      ['backend kill', 1, () => this.killBackend()],
      ['race', 5, () => this.race()],
      ['cut WebSocket', 2, () => this.cutWebSocket()],
      ['cut Live', 1.5, () => this.cutLive()],
      ['refresh', 2.5, async () => this.refresh()],
      ['another range', 1.5, async () => this.changeRange()],
      ['another panel', 2, async () => this.openPanel()],
      ['closed panel', 0.7, async () => this.closePanel()],
      ['pause', 3, () => sleep(this.random() * 120)],
    ];
  }

  private async step(): Promise<void> {
    const { actions } = this;
    let left = this.random() * actions.reduce((sum, [, weight]) => sum + weight, 0);
    const [name, , act] = actions.find(([, weight]) => (left -= weight) < 0) ?? actions[0]!;
    const at = this.log.push(name) - 1;
    if ((await act()) === false) this.log[at] = `${name} (of nothing)`;
    if (this.random() < 0.3) await sleep(this.random() * 40);
  }

  private async quiet(): Promise<void> {
    this.log.push('quiet');
    await this.heal();
    const { panels, page, world, written } = this;
    this.summaries += await quietPoint({ panels, page, bridge: world.bridge, host: world.host, written });
    for (const panel of panels) panel.newEpoch();
    const faults = this.faults();
    if (faults.length > 0) throw new Error(faults.join('\n'));
  }

  /** Whatever was broken works again. */
  private async heal(): Promise<void> {
    const { bridge } = this.world;
    bridge.slow.after = async () => {};
    bridge.slow.before = async () => {};
    await bridge.start();
    this.page.session.reconnect();
  }

  private pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)]!;
  }

  private async newMinute(): Promise<void> {
    if (this.minute + 2 * MINUTE_MS > Date.now()) return;
    this.minute += MINUTE_MS;
    this.written.watermarkMs = this.minute + Math.floor(this.random() * MINUTE_MS);
    for (const segment of SEGMENTS) {
      if (this.random() < 0.25) continue;
      await this.written.put(EVENTS, [segment], this.minute);
      if (this.random() < 0.4) await this.written.put(HOPPING, [segment], this.minute);
      if (this.random() < 0.4)
        await this.written.put(REVENUE, [segment, this.pick(['app', 'web'])], this.minute);
    }
    if (this.random() < 0.4) {
      await this.written.put(
        ALERTS,
        [`user-${this.pick([1, 2])}`],
        this.minute - (this.minute % (5 * MINUTE_MS)),
      );
    }
  }

  private recent(): number {
    return this.minute - Math.floor(this.random() * 3) * MINUTE_MS;
  }

  private late(): number {
    return this.minute - Math.floor(this.random() * 100) * MINUTE_MS;
  }

  /** `before`: how many values the point has had; `isLate`: its window was closed. */
  private async write(startMs: number): Promise<{ readonly before: number; readonly isLate: boolean }> {
    const metric = this.pick([EVENTS, EVENTS, HOPPING, REVENUE]);
    const values =
      metric === REVENUE ? [this.pick(SEGMENTS), this.pick(['app', 'web'])] : [this.pick(SEGMENTS)];
    const before = this.written.historyOf(metric.name, values, startMs).length;
    const { sizeMs, graceMs } = metric.window;
    const isLate = startMs + sizeMs + graceMs <= this.written.watermarkMs;
    await this.written.put(metric, values, startMs);
    return { before, isLate };
  }

  private async remove(): Promise<boolean> {
    const metric = this.pick([EVENTS, EVENTS, HOPPING, REVENUE, ALERTS]);
    const all = this.written.all(metric);
    if (all.length === 0) return false;
    const { values, startMs } = this.pick(all);
    await this.written.remove(metric, values, startMs);
    return true;
  }

  private async revive(): Promise<boolean> {
    const metric = this.pick([EVENTS, HOPPING, REVENUE]);
    const gone = this.written
      .all(metric)
      .filter(({ values, startMs }) => this.written.historyOf(metric.name, values, startMs).at(-1) === null);
    if (gone.length === 0) return false;
    const { values, startMs } = this.pick(gone);
    await this.written.put(metric, values, startMs);
    return true;
  }

  private async burst(): Promise<void> {
    const startMs = this.recent();
    const segment = this.pick(SEGMENTS);
    for (let i = 0; i < 10; i += 1) await this.written.put(EVENTS, [segment], startMs);
  }

  /** The next answers hold what was when they were asked for, and come much later. */
  private slowHistory(): void {
    let left = 1 + Math.floor(this.random() * 4);
    const wait = 20 + this.random() * 400;
    this.world.bridge.slow.after = async () => {
      left -= 1;
      if (left < 0) return;
      this.log.push('held answer');
      await sleep(wait);
    };
  }

  private async restartBridge(): Promise<void> {
    await this.world.bridge.stop();
    await sleep(this.random() * 60);
    if (this.random() < 0.3) this.refresh();
    await this.world.bridge.start();
  }

  private async loseStore(): Promise<void> {
    const { bridge } = this.world;
    await bridge.stop();
    bridge.loseStore();
    this.written.forget();
    await bridge.start();
    this.minute -= MINUTE_MS;
    await this.newMinute();
    await this.newMinute();
  }

  private async killBackend(): Promise<void> {
    await this.world.host.kill9();
    await this.write(this.recent());
    if (this.random() < 0.3) this.refresh();
    await sleep(this.random() * 60);
    await this.world.host.restart();
  }

  private async cutLive(): Promise<void> {
    this.page.session.cut();
    await this.changes();
    this.page.session.reconnect();
    if (this.random() < 0.3) await this.changes();
  }

  /** Sometimes without a change, so that nothing but the connection is new. */
  private async cutWebSocket(): Promise<boolean> {
    const { wire, clients } = this.world.bridge;
    const stood = clients().connections > 0;
    wire.refuse(true);
    if (this.random() < 0.8) await this.changes();
    wire.refuse(false);
    return stood;
  }

  /** A question is on its way while what it asks for changes: its answer is of before, and comes after. */
  private async race(): Promise<void> {
    this.slowHistory();
    const what = this.random();
    if (what < 0.6) this.refresh();
    else if (what < 0.75) this.changeRange();
    else if (what < 0.9) await this.cutLive();
    else this.openPanel();
    await sleep(this.random() * 60);
    await this.changes();
    await sleep(100 + this.random() * 100);
  }

  private async changes(): Promise<void> {
    for (let left = 2 + Math.floor(this.random() * 4); left > 0; left -= 1) {
      const what = this.random();
      if (what < 0.35) await this.remove();
      else if (what < 0.5) await this.revive();
      else if (what < 0.8) await this.write(this.recent());
      else await this.write(this.late());
    }
    await sleep(this.random() * 60);
  }

  private openPanel(): void {
    if (this.panels.length >= MOST_PANELS) return;
    this.panelCount += 1;
    const what = choosePanelQuery(this.random());
    const range = this.pick(RANGES);
    const width = this.pick([1_000, 1_000, 40]);
    const name = `panel ${this.panelCount} (${JSON.stringify(what.query)}, ${range}, ${width} wide)`;
    this.log.push(`  ${name}`);
    const { hub, runner, uid } = this.page;
    const around = { hub, runner, uid, written: this.written };
    this.panels.push(new LivePanel(name, what, range, width, around, this.epoch));
  }

  private closePanel(): void {
    if (this.panels.length < 2) return;
    const [panel] = this.panels.splice(Math.floor(this.random() * this.panels.length), 1);
    panel?.close();
    this.closedFaults.push(...(panel?.faults ?? []));
  }

  private refresh(): void {
    this.pick(this.panels).refresh();
  }

  private changeRange(): void {
    this.pick(this.panels).refresh(this.pick(RANGES));
  }
}
