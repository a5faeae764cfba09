import type { Clock, PageVisibility } from './ports';

/** At most four commits a second: more cannot be read, and drawing costs more than taking data in. */
const BETWEEN_COMMITS_MS = 250;
/**
 * Grafana draws everything that came in one go before the browser does anything else. With more panels than this the
 * page would stop for a moment at each commit, so the others follow as soon as these are drawn.
 */
const PANELS_AT_ONCE = 10;

/**
 * When the panels of a page show what has come: all that have something at the same moment, a few at a time, at
 * most four times a second, and never while the page is hidden.
 */
export class CommitScheduler {
  private readonly waiting = new Set<() => void>();
  private lastMs = -Infinity;
  private cancel: (() => void) | undefined;
  private endWatch: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly page: PageVisibility,
  ) {}

  /** Schedules one run; further calls before it are merged into it. */
  request(commit: () => void): void {
    this.waiting.add(commit);
    this.endWatch ??= this.page.onChange(() => this.plan());
    this.plan();
  }

  /** Does not run it any more. */
  drop(commit: () => void): void {
    this.waiting.delete(commit);
    if (this.waiting.size === 0) this.rest();
  }

  private plan(): void {
    if (this.cancel !== undefined || this.waiting.size === 0 || !this.page.isVisible()) return;
    const dueInMs = this.lastMs + BETWEEN_COMMITS_MS - this.clock.now();
    this.cancel = this.clock.after(Math.max(0, Math.min(dueInMs, BETWEEN_COMMITS_MS)), () => this.flush());
  }

  private flush(): void {
    this.lastMs = this.clock.now();
    this.show([...this.waiting]);
  }

  private show(due: readonly (() => void)[]): void {
    this.cancel = undefined;
    if (!this.page.isVisible()) return;
    const later = due.slice(PANELS_AT_ONCE);
    try {
      // What one panel does may drop another one.
      for (const commit of due.slice(0, PANELS_AT_ONCE)) if (this.waiting.delete(commit)) commit();
    } finally {
      // One that cannot be drawn keeps the others waiting for a moment only.
      if (this.waiting.size === 0) this.rest();
      else if (later.length === 0) this.plan();
      else this.cancel = this.clock.after(0, () => this.show(later));
    }
  }

  private rest(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.endWatch?.();
    this.endWatch = undefined;
  }
}
