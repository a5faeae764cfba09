import type { GridStage } from './grid-stage';
import { LONG_MS, longTime, workOf, type Work } from './page-load';
import { segmentOf } from './panel-grid';
import type { View } from './view';

/** Fifty panels of this app beside fifty plain graphs of the same frames: measured one after the other, and judged. */

/** After the page has been loaded. */
const SETTLE_MS = 5_000;

export interface Measured {
  readonly work: Work;
  /** Updates of each panel's series a second, as written into the bridge. */
  readonly rate: number;
}

export interface Pair {
  readonly kpi: Measured;
  readonly plain: Measured;
}

/** What an open page of panels costs over a time; throws when it stops updating or reports an error. */
export async function measured(stage: GridStage, view: View, seconds: number): Promise<Measured> {
  const before = { updates: stage.updates(), at: Date.now(), drawn: await drawnIn(view) };
  const work = await workOf(stage.browser, view.page, seconds);
  const rate = (stage.updates() - before.updates) / ((Date.now() - before.at) / 1_000);
  if ((await drawnIn(view)) === before.drawn) throw new Error('the panels show nothing new');
  if (view.faults.length > 0) throw new Error(`the page reports: ${view.faults.join('\n')}`);
  return { work, rate };
}

/** A picture of the first panel. */
async function drawnIn({ page, panel }: View): Promise<string> {
  const clip = await panel(segmentOf(0)).boundingBox();
  if (clip === null) throw new Error('the first panel is not there');
  return (await page.screenshot({ clip, timeout: 30_000 })).toString('base64');
}

async function measurePair(stage: GridStage, seconds: number): Promise<Pair> {
  const one = async (kind: keyof Pair): Promise<Measured> => {
    const view = await stage.open(kind);
    await view.page.waitForTimeout(SETTLE_MS);
    const found = await measured(stage, view, seconds);
    await view.close();
    return found;
  };
  return { kpi: await one('kpi'), plain: await one('plain') };
}

/** The page may take this much longer than the plain one. */
const RATIO = 1.5;
/** Or, on a slow machine, so much longer than the longest of the plain page. */
const LONGEST_TASK_MS = 100;
/**
 * Tasks of 49 ms do not count as long and those of 51 ms do: where hardly any is long, chance decides the ratio. Long
 * tasks for less than this part of the time are no harm.
 */
const HARMLESS = 0.01;
/** A feed that does not keep its pace makes every page look quick. */
const LOWEST_RATE = 8;

/**
 * The limits that do not hold, one sentence each. Tasks are judged by processor time: on a machine that runs other
 * things beside the browser the clock on the wall tells of those too.
 */
export function broken({ kpi, plain }: Pair): string[] {
  const longestPlain = Math.max(0, ...plain.work.tasks.map(({ cpuMs }) => cpuMs));
  const longest = Math.max(LONGEST_TASK_MS, RATIO * longestPlain);
  const slow = kpi.work.tasks.filter(({ cpuMs }) => cpuMs > longest);
  const long = { kpi: longTime(kpi.work), plain: longTime(plain.work) };
  const allowed = Math.max(RATIO * long.plain, HARMLESS * kpi.work.seconds * 1_000);
  const faults: string[] = [];
  if (slow.length > 0) {
    faults.push(`tasks take ${slow.map(({ cpuMs }) => cpuMs.toFixed(0)).join(', ')} ms of processor time`);
  }
  if (long.kpi > allowed) {
    faults.push(
      `tasks over ${LONG_MS} ms: ${long.kpi.toFixed(0)} ms, ${long.plain.toFixed(0)} with plain graphs`,
    );
  }
  if (kpi.work.cpuMs > RATIO * plain.work.cpuMs) {
    faults.push(
      `all tasks: ${kpi.work.cpuMs.toFixed(0)} ms, ${plain.work.cpuMs.toFixed(0)} with plain graphs`,
    );
  }
  const rate = Math.min(kpi.rate, plain.rate);
  if (rate < LOWEST_RATE) faults.push(`only ${rate.toFixed(1)} updates a second were written`);
  return faults;
}

/** Other work on the machine may come in the way of one half; what this app itself does wrong, it does every time. */
const MOST_PAIRS = 5;

/** Measures both pages until every limit holds, up to a number of times that rules out chance; the last time counts. */
export async function judgedPair(stage: GridStage, seconds: number): Promise<Pair> {
  for (let times = 1; ; times += 1) {
    const pair = await measurePair(stage, seconds);
    console.log(told(pair));
    if (broken(pair).length === 0 || times === MOST_PAIRS) return pair;
  }
}

/** For the reader of a test's output and of docs/performance.md. */
export function told({ kpi, plain }: Pair): string {
  const one = ({ work, rate }: Measured): string => {
    const ofProcessor = Math.max(0, ...work.tasks.map(({ cpuMs }) => cpuMs));
    const onWall = work.tasks[0]?.wallMs ?? 0;
    const busy = (work.cpuMs / work.seconds / 10).toFixed(1);
    return [
      `busy ${busy} %`,
      `longest task ${ofProcessor.toFixed(0)} ms of processor time (${onWall.toFixed(0)} on the wall)`,
      `long tasks ${longTime(work).toFixed(0)} ms`,
      `${rate.toFixed(1)} updates/s`,
    ].join(', ');
  };
  const ratio = (kpi.work.cpuMs / plain.work.cpuMs).toFixed(2);
  return `KPI panels: ${one(kpi)}; time series: ${one(plain)}; all tasks ${ratio} times`;
}
