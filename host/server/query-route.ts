import { z } from 'zod';
import type { PluginContext } from '../../tests/support/plugin-host/plugin-context';
import type { PluginHost, QueryResult } from '../../tests/support/plugin-host/plugin-host';
import { frameJson } from './frame-json';

const QUERY = z.looseObject({
  refId: z.string(),
  datasource: z.looseObject({ uid: z.string() }),
  maxDataPoints: z.number().optional(),
  intervalMs: z.number().optional(),
});
const BODY = z.object({ from: z.coerce.number(), to: z.coerce.number(), queries: z.array(QUERY).min(1) });

type Query = z.infer<typeof QUERY>;

export interface Answer {
  readonly status: number;
  readonly body: object;
}

/** What Grafana allows itself when a request does not say. */
const POINTS = 100;
const INTERVAL_MS = 1_000;

const resultJson = ({ frames, error, errorSource, status }: QueryResult): object => ({
  status: status === 0 ? (error === '' ? 200 : 500) : status,
  frames: frames.map(frameJson),
  ...(error === '' ? {} : { error, errorSource }),
});

const byUid = (queries: readonly Query[]): ReadonlyMap<string, Query[]> => {
  const groups = new Map<string, Query[]>();
  for (const query of queries)
    groups.set(query.datasource.uid, [...(groups.get(query.datasource.uid) ?? []), query]);
  return groups;
};

/**
 * /api/ds/query: hands each data source its queries, and answers with the frames as JSON; an error of any query makes
 * it a 400, with the others' results beside it.
 */
export async function dsQuery(
  text: string,
  host: PluginHost,
  contextOf: (uid: string) => PluginContext | null,
): Promise<Answer> {
  const body = BODY.safeParse(JSON.parse(text));
  if (!body.success) return { status: 400, body: { message: z.prettifyError(body.error) } };
  const { from, to, queries } = body.data;
  const results: Record<string, object> = {};
  let failed = false;
  for (const [uid, group] of byUid(queries)) {
    const context = contextOf(uid);
    if (context === null) {
      const why = uid === '__expr__' ? 'The host page has no expressions' : `There is no data source ${uid}`;
      return { status: 404, body: { message: why } };
    }
    const { maxDataPoints = POINTS, intervalMs = INTERVAL_MS } = group[0] ?? {};
    const answers = await host.queryData(context, {
      fromMs: from,
      toMs: to,
      maxDataPoints,
      intervalMs,
      queries: Object.fromEntries(group.map((query) => [query.refId, query])),
    });
    for (const [refId, result] of answers) {
      results[refId] = resultJson(result);
      failed ||= result.error !== '';
    }
  }
  return { status: failed ? 400 : 200, body: { results } };
}
