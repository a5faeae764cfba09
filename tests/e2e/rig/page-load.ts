import type { Browser, CDPSession, Page } from 'playwright-core';

/** What a page costs its browser. */

/** One piece of work on the page's main thread, from Chromium's own trace. */
export interface Task {
  /** By the clock on the wall: so long the page stood still, whatever it was that kept it. */
  readonly wallMs: number;
  /** By the processor: so long it would have stood still on a machine with nothing else to do. */
  readonly cpuMs: number;
}

export interface Work {
  readonly seconds: number;
  /** Those of at least 5 ms, longest first. */
  readonly tasks: readonly Task[];
  /** Processor time of all tasks together, the shorter ones too. */
  readonly cpuMs: number;
}

/** What of Chromium's trace is read; times in microseconds, `tdur` of the processor. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

const KEPT_US = 5_000;
const MS = 1_000;

/** Traces the page for a time. It must be the browser's only busy one. */
export async function workOf(browser: Browser, page: Page, seconds: number): Promise<Work> {
  await browser.startTracing(page, { categories: ['toplevel'] });
  await page.waitForTimeout(seconds * 1_000);
  const trace = JSON.parse((await browser.stopTracing()).toString()) as {
    readonly traceEvents: readonly TraceEvent[];
  };
  return readTrace(trace.traceEvents, seconds);
}

function readTrace(events: readonly TraceEvent[], seconds: number): Work {
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const mains = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(threadOf),
  );
  // Chromium keeps a renderer in store, and one of an earlier page may still be there: neither has much to do.
  const byThread = new Map<string, TraceEvent[]>();
  for (const event of events) {
    const thread = threadOf(event);
    if (event.ph !== 'X' || event.name !== 'ThreadControllerImpl::RunTask' || !mains.has(thread)) continue;
    const known = byThread.get(thread);
    if (known === undefined) byThread.set(thread, [event]);
    else known.push(event);
  }
  const cpuOf = (tasks: readonly TraceEvent[]): number =>
    tasks.reduce((sum, { tdur = 0 }) => sum + tdur, 0) / MS;
  const [busiest = []] = [...byThread.values()].sort((a, b) => cpuOf(b) - cpuOf(a));
  if (cpuOf(busiest) === 0) throw new Error('the trace tells of no work on the page');
  return {
    seconds,
    cpuMs: cpuOf(busiest),
    tasks: busiest
      .filter(({ dur = 0 }) => dur >= KEPT_US)
      .map(({ dur = 0, tdur = 0 }) => ({ wallMs: dur / MS, cpuMs: tdur / MS }))
      .sort((a, b) => b.wallMs - a.wallMs),
  };
}

/** From so long on Chromium itself calls a task long. */
export const LONG_MS = 50;

/** Time of long tasks, by the processor, ms. */
export const longTime = ({ tasks }: Work): number =>
  tasks.filter(({ cpuMs }) => cpuMs >= LONG_MS).reduce((sum, { cpuMs }) => sum + cpuMs, 0);

/** What the page keeps when everything that can be freed is, bytes and counts. */
export interface Kept {
  readonly heap: number;
  readonly nodes: number;
  readonly listeners: number;
}

export async function keptBy(session: CDPSession): Promise<Kept> {
  // Twice: what was waited for by finalizers is freed by the second.
  await session.send('HeapProfiler.collectGarbage');
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const { nodes, jsEventListeners } = await session.send('Memory.getDOMCounters');
  return { heap: usedSize, nodes, listeners: jsEventListeners };
}
