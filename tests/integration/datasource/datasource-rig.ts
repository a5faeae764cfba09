import type { components } from '../../../backend-bridge/src/server/api-types';
import { fieldOf, type HostFrame, type HostValue } from '../../support/plugin-host/host-frame';
import type { PluginContext } from '../../support/plugin-host/plugin-context';
import type { PluginHost, QueryCall, QueryResult } from '../../support/plugin-host/plugin-host';

/** What tests of the backend over a whole bridge ask and compare. */

export type Schemas = components['schemas'];

export interface StreamKpiMeta {
  readonly kind: string;
  readonly state: string;
  readonly watermark_ms: number | null;
  readonly open_from_ms: number | null;
  readonly as_of_ms: number;
  readonly step_ms?: number;
  readonly store_epoch?: string;
  readonly live?: {
    readonly mode: 'points' | 'events' | 'changed' | 'poll';
    readonly path?: string;
    readonly query?: string;
    readonly poll_ms?: number;
  };
  readonly revisions?: readonly number[];
  readonly removed?: readonly number[];
  readonly removed_revisions?: readonly number[];
}

export function metaOf(frame: HostFrame): StreamKpiMeta {
  const meta = frame.meta.custom?.['streamkpi'];
  if (meta === undefined) throw new Error('the frame does not say what it is in meta.custom.streamkpi');
  return meta as StreamKpiMeta;
}

/** One query as panel or rule; fails when it fails. */
export async function ask(
  host: PluginHost,
  context: PluginContext,
  query: object,
  call: Omit<QueryCall, 'queries'>,
): Promise<readonly HostFrame[]> {
  const result = await answerTo(host, context, query, call);
  if (result.error !== '') throw new Error(`${result.status} ${result.errorSource}: ${result.error}`);
  return result.frames;
}

/** One query, whatever comes of it. */
export async function answerTo(
  host: PluginHost,
  context: PluginContext,
  query: object,
  call: Omit<QueryCall, 'queries'>,
): Promise<QueryResult> {
  const results = await host.queryData(context, { ...call, queries: { A: query } });
  const result = results.get('A');
  if (result === undefined) throw new Error('no answer to the query');
  return result;
}

/** Headers of an alert rule's query. */
export const FROM_ALERT = { FromAlert: 'true' };

/** POSTs to the bridge itself. */
export async function bridgeAnswer<T>(url: string, path: string, body: object, token?: string): Promise<T> {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

export interface PlainSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly times: readonly HostValue[];
  readonly values: readonly HostValue[];
}

/** Series frames as the bridge writes series; frames without fields (no data) are left out. */
export function seriesOf(frames: readonly HostFrame[]): PlainSeries[] {
  return frames
    .filter((frame) => frame.fields.length > 0)
    .map((frame) => {
      const numeric = frame.fields.filter((field) => field.type === 'number');
      if (frame.fields.length !== 2 || numeric.length !== 1) {
        throw new Error(
          `a series frame has the fields ${frame.fields.map((field) => field.name).join(', ')}`,
        );
      }
      return {
        labels: numeric[0]!.labels,
        times: fieldOf(frame, 'Time').values,
        values: numeric[0]!.values,
      };
    });
}

export const plainSeries = (answer: Pick<Schemas['QueryAnswer'], 'series'>): PlainSeries[] =>
  answer.series.map(({ labels, times, values }) => ({ labels, times, values }));
