import type { components } from '../../backend-bridge/src/server/api-types';
import { t } from '../locales/translate';

type Schemas = components['schemas'];
export type Catalogue = Schemas['CatalogueAnswer'];
export type MetricEntry = Schemas['MetricEntry'];
export type MeasureEntry = Schemas['MeasureEntry'];
export type DimensionEntry = MetricEntry['dimensions'][number];
export type DimensionValues = Schemas['DimensionValuesAnswer'];

/** A call that was refused or had no answer; the message is a sentence for the user. */
class CatalogueError extends Error {
  constructor(
    message: string,
    /** The bridge's error code, e.g. `unknown_metric`; undefined where the bridge was not reached. */
    readonly code: string | undefined,
    readonly status: number | undefined,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'CatalogueError';
  }
}

export interface DimensionValuesOptions {
  /** Only values with points in the range, in milliseconds. */
  readonly range?: { readonly fromMs: number; readonly toMs: number } | undefined;
  /** Only values with this prefix; case-sensitive. */
  readonly prefix?: string | undefined;
  /** Maximum number of values, up to 10,000; default 1,000. */
  readonly limit?: number | undefined;
}

/** Sends a GET to one resource path of the data source. */
export type ResourceCall = (path: string, params: Record<string, string>) => Promise<unknown>;

/** How long an answer is cached: editors query at every key stroke. */
const KEPT_MS = 30_000;
/** Maximum number of cached answers; the oldest is evicted first. */
const KEPT_ANSWERS = 200;

interface Kept {
  readonly untilMs: number;
  readonly answer: Promise<unknown>;
}

/** What the bridge has, for editors, variables and ad-hoc filters; answers serve for 30 s. */
export class CatalogueClient {
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly call: ResourceCall,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** Every metric that the token may see, in order of name; rejects with a CatalogueError. */
  async metrics(): Promise<readonly MetricEntry[]> {
    const answer = (await this.ask('metrics', {})) as Catalogue;
    return answer.metrics;
  }

  /** Rejects with a CatalogueError: `unknown_metric` where there is none of that name. */
  async metric(name: string): Promise<MetricEntry> {
    const found = (await this.metrics()).find((metric) => metric.name === name);
    if (found !== undefined) return found;
    throw new CatalogueError(
      t('catalogue.unknown-metric', 'The bridge has no metric "{{name}}".', { name }),
      'unknown_metric',
      404,
    );
  }

  /** Known values of a dimension, in order; rejects with a CatalogueError. */
  async dimensionValues(
    metric: string,
    dimension: string,
    { range, prefix, limit }: DimensionValuesOptions = {},
  ): Promise<DimensionValues> {
    const path = `metrics/${encodeURIComponent(metric)}/dimensions/${encodeURIComponent(dimension)}/values`;
    const params: Record<string, string> = {};
    if (range !== undefined) {
      params['from_ms'] = String(Math.max(0, Math.floor(range.fromMs)));
      params['to_ms'] = String(Math.max(0, Math.ceil(range.toMs)));
    }
    if (prefix !== undefined && prefix !== '') params['prefix'] = prefix;
    if (limit !== undefined) params['limit'] = String(limit);
    return (await this.ask(path, params)) as DimensionValues;
  }

  /** Clears the cache. */
  forget(): void {
    this.kept.clear();
  }

  private async ask(path: string, params: Record<string, string>): Promise<unknown> {
    const key = `${path}?${new URLSearchParams(params).toString()}`;
    const known = this.kept.get(key);
    if (known !== undefined && known.untilMs > this.nowMs()) return known.answer;

    const answer = this.call(path, params).catch((fault: unknown) => {
      // What went wrong is not kept: the next call may find it mended.
      this.kept.delete(key);
      throw asCatalogueError(fault);
    });
    this.kept.delete(key);
    this.kept.set(key, { untilMs: this.nowMs() + KEPT_MS, answer });
    const oldest = this.kept.keys().next();
    if (this.kept.size > KEPT_ANSWERS && oldest.done !== true) this.kept.delete(oldest.value);
    return answer;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/**
 * Any refusal as a sentence: of the bridge (`{error: {code, message}}` in `data`), of Grafana (`{message}`), or of
 * the network.
 */
export function asCatalogueError(fault: unknown): CatalogueError {
  if (fault instanceof CatalogueError) return fault;
  const outer = isRecord(fault) ? fault : {};
  const data = isRecord(outer['data']) ? outer['data'] : {};
  const inner = isRecord(data['error']) ? data['error'] : {};
  const status = typeof outer['status'] === 'number' ? outer['status'] : undefined;
  const said =
    text(inner['message']) ?? text(data['message']) ?? text(outer['message']) ?? text(outer['statusText']);
  const message =
    said ??
    t('catalogue.no-answer', 'Grafana did not answer. Check the connection to Grafana, then try again.');
  return new CatalogueError(message, text(inner['code']), status, { cause: fault });
}
