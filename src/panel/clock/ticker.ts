/**
 * One clock for everything on the page that shows an age: it ticks once a second while somebody listens and the page
 * is visible. Between ticks it stands still, so that all ages of one paint are of one moment.
 */
const TICK_MS = 1000;

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = Date.now();

/** In either direction: clocks are corrected. */
const isBehind = (): boolean => Math.abs(Date.now() - now) >= TICK_MS;

/** The moment that everything shows, epoch ms of the browser's clock. */
export function tickedNow(): number {
  // Nobody keeps it up to date while it does not tick.
  if (timer === undefined && isBehind()) now = Date.now();
  return now;
}

export function onTick(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) document.addEventListener('visibilitychange', follow);
  follow();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    document.removeEventListener('visibilitychange', follow);
    stop();
  };
}

function follow(): void {
  if (document.visibilityState === 'hidden') {
    stop();
  } else if (timer === undefined) {
    timer = setInterval(tick, TICK_MS);
    if (isBehind()) tick();
  }
}

function stop(): void {
  clearInterval(timer);
  timer = undefined;
}

function tick(): void {
  now = Date.now();
  for (const listener of [...listeners]) listener();
}
