import { z } from 'zod';
import type { Dashboard } from './provisioning';
import type { Answer } from './query-route';

const PANELS = z.looseObject({
  panels: z.array(z.looseObject({ id: z.number(), targets: z.array(z.looseObject({})).optional() })),
});
const BODY = z.object({
  intervalMs: z.number(),
  maxDataPoints: z.number(),
  timeRange: z.object({ from: z.string(), to: z.string() }),
});

/**
 * Runs the queries of a public dashboard's panel as Grafana's server does: as they are saved, without template
 * variables, and without the frames' own metadata in the answer.
 */
export async function publicQuery(
  dashboard: Dashboard,
  panelId: number,
  text: string,
  ask: (query: string) => Promise<Answer>,
): Promise<Answer> {
  const { intervalMs, maxDataPoints, timeRange } = BODY.parse(JSON.parse(text));
  const { targets = [] } = PANELS.parse(dashboard).panels.find(({ id }) => id === panelId) ?? {};
  const queries = targets.map((target) => ({ ...target, intervalMs, maxDataPoints }));
  const { status, body } = await ask(JSON.stringify({ ...timeRange, queries }));
  return { status, body: withoutCustomMeta(body) };
}

const withoutCustomMeta = (body: object): object =>
  JSON.parse(
    JSON.stringify(body, (key, value: unknown) =>
      key === 'meta' && typeof value === 'object' ? { ...value, custom: undefined } : value,
    ),
  ) as object;
