/** A subscriber's copy of forecasts, kept by the rules of websocket.yaml. */

const COLUMNS = ['actual', 'expected', 'lower', 'upper', 'score'] as const;

type Column = readonly (number | null)[];

/** A series of an answer or of a message. Other fields are those of the newest message. */
export interface HeldForecast {
  readonly labels: Readonly<Record<string, string>>;
  readonly times: readonly number[];
  readonly [field: string]: unknown;
}

export interface ForecastMessage {
  readonly type: string;
  readonly seq?: number;
  readonly series: readonly (HeldForecast & { readonly from_ms: number })[];
}

export class ForecastCopy {
  private readonly held = new Map<string, HeldForecast>();
  private seq = 0;

  /** @throws Error for a message that the protocol does not allow here */
  apply(message: ForecastMessage): void {
    if (message.type === 'forecast_snapshot') {
      this.seq = 0;
      this.held.clear();
    } else if (message.type === 'forecast_update') {
      this.seq += 1;
      if (message.seq !== this.seq) throw new Error(`seq ${message.seq} where ${this.seq} is due`);
    } else return;
    for (const series of message.series) this.take(series);
  }

  /** In order of their labels. */
  get series(): readonly HeldForecast[] {
    return [...this.held].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, series]) => series);
  }

  /** Everything from `from_ms` on is replaced. */
  private take({ from_ms: fromMs, ...series }: ForecastMessage['series'][number]): void {
    const key = JSON.stringify(series.labels);
    const before = this.held.get(key);
    const kept = before?.times.filter((time) => time < fromMs).length ?? 0;
    const join = (name: string): unknown[] => [
      ...((before?.[name] as Column | undefined) ?? []).slice(0, kept),
      ...(series[name] as Column),
    ];
    const columns = Object.fromEntries(COLUMNS.map((name) => [name, join(name)]));
    this.held.set(key, { ...series, times: join('times') as number[], ...columns });
  }
}
