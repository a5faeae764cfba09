import type { Drains, LiveSink } from './live-sink';

interface Row {
  readonly from_ms: number;
  readonly open_from_ms: number;
  readonly labels: { readonly segment: string };
  readonly fingerprint: string;
  readonly times: number[];
  readonly [column: string]: unknown;
}
type Message = { readonly type: string; readonly seq?: number; readonly series: readonly Row[] };

export const COLUMNS = ['actual', 'expected', 'lower', 'upper', 'score'] as const;

/** A client that keeps a copy as websocket.yaml describes. */
export class ForecastClient implements LiveSink {
  readonly holder = 'a';
  readonly messages: Message[] = [];
  readonly failed: unknown[] = [];
  readonly copy = new Map<string, Record<string, unknown>>();
  writable = true;
  room = Number.POSITIVE_INFINITY;
  private waiting: Drains[] = [];
  private seq = 0;

  send(frame: Buffer): void {
    this.sendText(frame.toString('utf8', frame.indexOf('{')));
  }

  sendText(text: string): void {
    const message = JSON.parse(text) as Message;
    this.messages.push(message);
    if (message.type === 'forecast_snapshot') {
      this.seq = 0;
      this.copy.clear();
    } else if (message.type === 'forecast_update') {
      this.seq += 1;
      expect(message.seq).toBe(this.seq);
    } else return;
    for (const series of message.series) this.take(series);
  }

  sendPieces(pieces: Iterator<string>, over: () => void): void {
    let text = '';
    for (let next = pieces.next(); next.done !== true; next = pieces.next()) text += next.value;
    this.sendText(text);
    over();
  }

  waitFor(part: Drains): void {
    if (!this.waiting.includes(part)) this.waiting.push(part);
  }

  reserve(points: number): boolean {
    if (points > this.room) return false;
    this.room -= points;
    return true;
  }

  metricChanged(): void {}

  subscriptionFailed(id: string, error: unknown): void {
    this.failed.push({ id, error });
  }

  readOn(): void {
    this.writable = true;
    for (const part of this.waiting.splice(0)) part.drain();
  }

  private take(series: Row): void {
    const held = this.copy.get(series.labels.segment);
    const heldTimes = (held?.times ?? []) as number[];
    const kept = heldTimes.filter((time) => time < series.from_ms).length;
    const merged: Record<string, unknown> = {
      ...series,
      times: [...heldTimes.slice(0, kept), ...series.times],
    };
    for (const name of COLUMNS) {
      const before = (held?.[name] ?? []) as unknown[];
      merged[name] = [...before.slice(0, kept), ...(series[name] as unknown[])];
    }
    delete merged.from_ms;
    this.copy.set(series.labels.segment, merged);
  }
}
