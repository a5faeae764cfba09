import {
  dateMath,
  dateTime,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type TimeRange,
} from '@grafana/data';
import type { Subscription } from 'rxjs';
import { frameMeta } from '../../../src/frames/frame-meta';
import type { LiveHub } from '../../../src/datasource/live/live-hub';
import { liveQuery } from '../../../src/datasource/live/live-query';
import type { StreamKpiQuery } from '../../../src/datasource/query';
import type { QueryRunner } from '../plugin-host/query-runner';
import type { PanelQuery } from './panel-queries';
import type { PointHistory } from './written-points';

/** A panel as Grafana runs it: its query runs until it is refreshed or closed; each response is checked. */

export interface PanelSurroundings {
  readonly hub: LiveHub;
  readonly runner: QueryRunner;
  readonly uid: string;
  readonly written: Pick<PointHistory, 'epoch' | 'historyOf'>;
}

let requests = 0;

export class LivePanel {
  readonly faults: string[] = [];
  responses = 0;
  /** When the newest response came. */
  respondedMs = Date.now();
  private response: DataQueryResponse | null = null;
  private subscription: Subscription | undefined;
  private request: DataQueryRequest<StreamKpiQuery>;
  /** Of each point shown, by step: which of its written values. What is known of another step is shown meanwhile. */
  private readonly seen = new Map<string, number>();

  constructor(
    readonly name: string,
    readonly what: PanelQuery,
    /** Grafana's relative start, e.g. `now-1h`. */
    private fromText: string,
    private readonly maxDataPoints: number,
    private readonly around: PanelSurroundings,
    /** Of the last look: a panel opened after a loss first shows what the page's other panels still do. */
    private epoch = around.written.epoch,
  ) {
    this.request = this.nextRequest();
    this.run();
  }

  /** The newest response's frames. */
  get frames(): readonly DataFrame[] {
    return (this.response?.data ?? []) as DataFrame[];
  }

  get error(): string {
    return this.response?.errors?.[0]?.message ?? '';
  }

  /** What the first frame says of the connection. */
  get state(): string {
    const [first] = this.frames;
    return (first === undefined ? undefined : frameMeta(first)?.state) ?? 'nothing shown';
  }

  get range(): string {
    return this.fromText;
  }

  /** The panel's own question, as it would be asked now. */
  questionNow(): DataQueryRequest<StreamKpiQuery> {
    return this.nextRequest();
  }

  /** As by the refresh button or the time picker: the new run begins when the old one has ended. */
  refresh(fromText = this.fromText): void {
    this.fromText = fromText;
    this.subscription?.unsubscribe();
    this.request = this.nextRequest();
    this.run();
  }

  close(): void {
    this.subscription?.unsubscribe();
    this.subscription = undefined;
  }

  /** After the store was lost the points shown may be of either one, until the next look. */
  newEpoch(): void {
    this.seen.clear();
    this.epoch = this.around.written.epoch;
  }

  private run(): void {
    const { hub, runner, uid } = this.around;
    this.subscription = liveQuery(this.request, {
      hub,
      uid,
      history: (request) => runner.query(request),
    }).subscribe({
      next: (response) => this.take(response),
      error: (fault: unknown) => this.faults.push(`${this.name}: the query broke off: ${String(fault)}`),
    });
  }

  private nextRequest(): DataQueryRequest<StreamKpiQuery> {
    requests += 1;
    return {
      requestId: `Q${requests}`,
      interval: '15s',
      intervalMs: 15_000,
      range: relativeRange(this.fromText),
      scopedVars: {},
      targets: [{ refId: 'A', ...this.what.query }],
      timezone: 'utc',
      app: 'dashboard',
      startTime: Date.now(),
      maxDataPoints: this.maxDataPoints,
    };
  }

  private take(response: DataQueryResponse): void {
    this.response = response;
    this.responses += 1;
    this.respondedMs = Date.now();
    for (const frame of response.data as DataFrame[]) {
      this.checkTimes(frame);
      if (this.what.written !== undefined) this.checkValues(frame);
    }
  }

  /** No two points at one time, and all in order. */
  private checkTimes(frame: DataFrame): void {
    const times = frame.fields.find(({ name }) => name === 'Time')?.values as number[] | undefined;
    times?.forEach((time, i) => {
      if (i > 0 && time <= times[i - 1]!) this.fault(`${time} comes after ${times[i - 1]!}`);
    });
  }

  /** Each value is one that was written, and none that was replaced by a later one before. */
  private checkValues(frame: DataFrame): void {
    const { written } = this.around;
    if (written.epoch !== this.epoch) return;
    const [times, values] = frame.fields;
    if (times === undefined || values === undefined) return;
    const labels = values.labels ?? {};
    const key = [labels['segment'] ?? ''];
    const stepMs = frameMeta(frame)?.step_ms;
    (times.values as number[]).forEach((time, i) => {
      const value = values.values[i] as number | null;
      const history = written.historyOf(this.what.query.metric ?? '', key, time);
      const index = history.findIndex((one) => Object.is(one, value));
      const point = `${JSON.stringify(key)} ${time}`;
      if (value === null || index < 0) {
        // Where windows are combined into longer steps values are sums of written ones.
        if (stepMs === 60_000) this.fault(`${point} shows ${String(value)}, never written`);
        return;
      }
      const inStep = `${point} ${String(stepMs)}`;
      const before = this.seen.get(inStep) ?? -1;
      if (index < before) this.fault(`${point} went back from its value ${before} to its value ${index}`);
      this.seen.set(inStep, index);
    });
  }

  private fault(text: string): void {
    if (this.faults.length < 5) this.faults.push(`${this.name}: ${text}`);
  }
}

function relativeRange(fromText: string): TimeRange {
  const raw = { from: fromText, to: 'now' };
  return {
    from: dateMath.toDateTime(fromText, {}) ?? dateTime(0),
    to: dateMath.toDateTime('now', {}) ?? dateTime(0),
    raw,
  };
}
