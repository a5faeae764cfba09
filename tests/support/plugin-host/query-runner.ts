import {
  dataFrameFromJSON,
  FieldType,
  LoadingState,
  type DataFrame,
  type DataFrameJSON,
  type DataQueryRequest,
  type DataQueryResponse,
  type FieldSchema,
  type QueryResultMeta,
} from '@grafana/data';
import type { DataQuery } from '@grafana/schema';
import { from, type Observable } from 'rxjs';
import type { HostField, HostFrame } from './host-frame';
import type { PluginContext } from './plugin-context';
import type { PluginHost } from './plugin-host';

/**
 * The way of a query from a browser through Grafana's server to the backend and back (`/api/ds/query`): what
 * `DataSourceWithBackend.query` gives there.
 */
export class QueryRunner {
  /** Queries that were sent, hidden ones not counted. */
  sent = 0;

  constructor(
    private readonly host: PluginHost,
    /** The data source as it is saved now. */
    private readonly context: () => PluginContext,
  ) {}

  query<T extends DataQuery>(request: DataQueryRequest<T>): Observable<DataQueryResponse> {
    return from(this.run(request));
  }

  async run<T extends DataQuery>(request: DataQueryRequest<T>): Promise<DataQueryResponse> {
    const targets = request.targets.filter((target) => target.hide !== true);
    if (targets.length === 0) return { data: [], state: LoadingState.Done };
    this.sent += targets.length;
    let results;
    try {
      results = await this.host.queryData(this.context(), {
        fromMs: request.range.from.valueOf(),
        toMs: request.range.to.valueOf(),
        queries: Object.fromEntries(targets.map((target) => [target.refId, { ...target }])),
        maxDataPoints: request.maxDataPoints ?? 100,
        intervalMs: request.intervalMs,
      });
    } catch (error) {
      // The plugin is not there: the server answers for it.
      const message = error instanceof Error ? error.message : String(error);
      const fault = { message, status: 500 };
      return { data: [], state: LoadingState.Error, error: fault, errors: [fault] };
    }
    const data: DataFrame[] = [];
    const errors: { refId: string; message: string; status: number }[] = [];
    for (const { refId } of targets) {
      const result = results.get(refId);
      if (result === undefined) continue;
      if (result.error !== '') errors.push({ refId, message: result.error, status: result.status });
      for (const frame of result.frames) data.push(dataFrame(frame, refId));
    }
    const [first] = errors;
    if (first === undefined) return { data, state: LoadingState.Done };
    return { data, state: LoadingState.Error, error: first, errors };
  }
}

/** A frame as it arrives in a browser: numbers to the bit, NaN and infinities by way of `entities`. */
function dataFrame(frame: HostFrame, refId: string): DataFrame {
  const json: DataFrameJSON = {
    schema: {
      ...(frame.name === '' ? {} : { name: frame.name }),
      refId: frame.refId === '' ? refId : frame.refId,
      meta: frame.meta as unknown as QueryResultMeta,
      fields: frame.fields.map(fieldSchema),
    },
    data: {
      values: frame.fields.map(({ values }) =>
        values.map((value) => (typeof value === 'number' && !Number.isFinite(value) ? null : value)),
      ),
      entities: frame.fields.map(entitiesOf),
    },
  };
  return dataFrameFromJSON(json);
}

const TYPES: Readonly<Record<HostField['type'], FieldType>> = {
  time: FieldType.time,
  number: FieldType.number,
  string: FieldType.string,
  boolean: FieldType.boolean,
};

function fieldSchema(field: HostField): FieldSchema {
  return {
    name: field.name,
    type: TYPES[field.type],
    config: { ...field.config },
    ...(Object.keys(field.labels).length === 0 ? {} : { labels: { ...field.labels } }),
  };
}

function entitiesOf({ values }: HostField): { NaN: number[]; Inf: number[]; NegInf: number[] } | null {
  const entities = { NaN: [] as number[], Inf: [] as number[], NegInf: [] as number[] };
  values.forEach((value, row) => {
    if (Number.isNaN(value)) entities.NaN.push(row);
    else if (value === Number.POSITIVE_INFINITY) entities.Inf.push(row);
    else if (value === Number.NEGATIVE_INFINITY) entities.NegInf.push(row);
  });
  return entities.NaN.length + entities.Inf.length + entities.NegInf.length === 0 ? null : entities;
}
