/**
 * One clock for everything on the page that shows an age: it ticks once a second while it has listeners and the page
 * is visible. Between ticks it does not move, so that all ages of one paint agree.
 */
const TICK_MS = 1000;
/** A tick this late: the computer was asleep. */
const ASLEEP_MS = 10_000;
/** Data skipped while hidden arrives within this time. */
const RETURN_MS = 10_000;

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = Date.now();
/** When the page was last not looked at, browser's clock. */
let away: { readonly from: number; readonly to: number } | undefined;
let hiddenFrom: number | undefined;

/** In either direction: clocks are corrected. */
const isBehind = (): boolean => Math.abs(Date.now() - now) >= TICK_MS;

/** The moment that everything shows, epoch ms of the browser's clock. */
export function tickedNow(): number {
  // It is out of date while it does not tick.
  if (timer === undefined && isBehind()) now = Date.now();
  return now;
}

/** Whether the page has only just been returned to, and was away at that moment of the browser's clock. */
export const wasAway = (moment: number): boolean =>
  away !== undefined && moment >= away.from && Math.abs(now - away.to) < RETURN_MS;

export function onTick(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) document.addEventListener('visibilitychange', follow);
  follow();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    document.removeEventListener('visibilitychange', follow);
    hiddenFrom = undefined;
    stop();
  };
}

function follow(): void {
  if (document.visibilityState === 'hidden') {
    hiddenFrom ??= Date.now();
    stop();
  } else if (timer === undefined) {
    timer = setInterval(onTimer, TICK_MS);
    if (hiddenFrom !== undefined) returnFrom(hiddenFrom);
    if (isBehind()) tick();
  }
}

function returnFrom(from: number): void {
  away = { from, to: Date.now() };
  hiddenFrom = undefined;
}

function stop(): void {
  clearInterval(timer);
  timer = undefined;
}

function onTimer(): void {
  if (Date.now() - now > ASLEEP_MS) returnFrom(now);
  tick();
}

function tick(): void {
  now = Date.now();
  for (const listener of [...listeners]) listener();
}
