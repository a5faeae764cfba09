import type { FastifyInstance } from 'fastify';
import type { components } from './api-types';
import type { HttpDependencies } from './http-dependencies';
import type { LoopWatch } from './loop-watch';
import { sendJson } from './query-routes';
import type { Readiness } from './readiness';
import { StatusReport } from './status-report';

type Schemas = components['schemas'];

const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** /healthz and /readyz, open to all, and /metrics and /status with the scope `observe`. */
export function operationsRoutes(
  app: FastifyInstance,
  dependencies: HttpDependencies,
  readiness: Readiness,
  watch: LoopWatch,
): void {
  const report = new StatusReport(dependencies, readiness);
  const config = { scope: 'observe' } as const;

  app.get('/healthz', async (_request, reply) => {
    const answer: Schemas['HealthAnswer'] = {
      status: watch.stalled() ? 'stalled' : 'alive',
      loop_lag_ms: watch.lagMs(),
    };
    return sendJson(reply.code(answer.status === 'alive' ? 200 : 503), answer);
  });

  app.get('/readyz', async (_request, reply) => {
    const failing = await readiness.failing();
    if (failing === null) return sendJson(reply, { status: 'ready' } satisfies Schemas['ReadyAnswer']);
    const answer: Schemas['NotReadyAnswer'] = {
      status: 'not_ready',
      hop: failing.hop,
      message: failing.message,
    };
    return sendJson(reply.code(503), answer);
  });

  app.get('/metrics', { config }, async ({ principal }, reply) => {
    const text =
      principal.tenant.length === 0
        ? await dependencies.metricsText()
        : await report.tenantMetrics(principal);
    return reply.header('cache-control', 'no-store').type(PROMETHEUS_TYPE).send(text);
  });

  app.get('/api/v1/status', { config }, async ({ principal }, reply) =>
    sendJson(reply, await report.status(principal)),
  );
}
