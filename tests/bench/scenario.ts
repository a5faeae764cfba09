/** One figure with everything that is needed to read it. Rates are per second, times milliseconds, sizes bytes. */
export interface Measurement {
  readonly what: string;
  readonly n: number;
  readonly rate?: number;
  readonly p50_ms?: number;
  readonly p99_ms?: number;
  readonly memory?: Readonly<Record<string, number>>;
  /** What the figure is held against, measured in the same run. */
  readonly reference?: { readonly what: string } & Readonly<Record<string, string | number>>;
  /** This figure by the reference's. */
  readonly ratio?: number;
  readonly target?: string;
  readonly met?: boolean;
  /** What else belongs to the figure. */
  readonly [detail: string]: unknown;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** Options it understands, each with its default. */
  readonly options: Readonly<Record<string, number>>;
  run(options: Options, endings: Endings): Promise<readonly Measurement[]>;
}

/** Numbers given as `--name=value`, over a scenario's own defaults. */
export class Options {
  constructor(
    private readonly defaults: Readonly<Record<string, number>>,
    private readonly given: Readonly<Record<string, number>>,
  ) {}

  get(name: string): number {
    const value = this.given[name] ?? this.defaults[name];
    if (value === undefined) throw new Error(`the scenario has no option --${name}`);
    return value;
  }
}

/** What a scenario started, ended in reverse order whatever happens. */
export class Endings {
  private readonly pending: (() => Promise<unknown>)[] = [];

  add(end: () => Promise<unknown>): void {
    this.pending.push(end);
  }

  async all(): Promise<void> {
    for (let end = this.pending.pop(); end !== undefined; end = this.pending.pop()) {
      await end().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
    }
  }
}

/** Says on stderr what is going on: stdout holds the results alone. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** Milliseconds of processor time that this process has used: other work on the machine counts for less than by the clock. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** The value below which `share` of the sorted values lie; NaN without values. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

export function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
