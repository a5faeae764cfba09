import type { FastifyInstance } from 'fastify';
import { checkRange } from '../domain/ladder';
import { difference } from '../domain/trusted-clock';
import type { ApiContract } from './api-contract';
import type { components, operations } from './api-types';
import type { HttpDependencies } from './http-dependencies';
import type { LoopWatch } from './loop-watch';
import type { Readiness } from './readiness';
import { sendJson, sendPieces } from './send-json';
import { StatusReport } from './status-report';

type Schemas = components['schemas'];
type HistoryAnswer = Schemas['StatusHistoryAnswer'];
type HistoryParameters = operations['statusHistory']['parameters']['query'];

const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** /healthz and /readyz, open to all, and /metrics, /status and its history with the scope `observe`. */
export function operationsRoutes(
  app: FastifyInstance,
  dependencies: HttpDependencies,
  contract: ApiContract,
  readiness: Readiness,
  watch: LoopWatch,
): void {
  const report = new StatusReport(dependencies, readiness);
  const config = { scope: 'observe', gate: 'observe' } as const;

  app.get('/healthz', async (_request, reply) => {
    const answer: Schemas['HealthAnswer'] = {
      status: watch.stalled() ? 'stalled' : 'alive',
      loop_lag_ms: watch.lagMs(),
    };
    return sendJson(reply.code(answer.status === 'alive' ? 200 : 503), answer);
  });

  app.get('/readyz', async (_request, reply) => {
    const failing = await readiness.failing();
    if (failing === null) {
      const skewed = dependencies.clockState.skewedBridges();
      const warnings = [
        ...skewed.map(
          ({ bridge, aheadMs }) =>
            `The clock of the bridge ${bridge} is ${difference(aheadMs)} the clock of Redis; set it by NTP`,
        ),
        ...(dependencies.store.warnings?.() ?? []),
      ];
      const answer: Schemas['ReadyAnswer'] = { status: 'ready', ...(warnings.length > 0 && { warnings }) };
      return sendJson(reply, answer);
    }
    const answer: Schemas['NotReadyAnswer'] = {
      status: 'not_ready',
      hop: failing.hop,
      message: failing.message,
    };
    return sendJson(reply.code(503), answer);
  });

  app.get('/metrics', { config }, async ({ principal, work }, reply) => {
    const text = await work.run(() =>
      principal.tenant.length === 0 ? dependencies.metricsText() : report.tenantMetrics(principal),
    );
    return reply.header('cache-control', 'no-store').type(PROMETHEUS_TYPE).send(text);
  });

  app.get('/api/v1/status', { config }, async ({ principal, work }, reply) =>
    sendJson(reply, await work.run(() => report.status(principal))),
  );

  const history = contract.of('statusHistory');
  app.get('/api/v1/status/history', { config }, async (request, reply) => {
    const given = { ...(request.query as object) };
    history.parameters(given);
    const { from_ms, to_ms, max_points } = given as HistoryParameters;
    const answer = report.history(request.principal, checkRange(from_ms, to_ms), max_points);
    return sendPieces(reply, statusHistoryJson(answer), false);
  });
}

/** One piece a series: a day of one is some hundred KB. */
function* statusHistoryJson({ series, ...head }: HistoryAnswer): Generator<string> {
  let before = `${JSON.stringify(head).slice(0, -1)},"series":[`;
  for (const one of series) {
    yield before + JSON.stringify(one);
    before = ',';
  }
  yield series.length === 0 ? `${before}]}` : ']}';
}
