import type { FastifyInstance, FastifyReply } from 'fastify';
import type { QueryAnswer } from '../domain/query-answer';

import type { ApiContract } from './api-contract';
import type { components, operations } from './api-types';
import type { HttpDependencies } from './http-dependencies';
import { isSmall, queryAnswerJson } from './query-answer-json';
import { sendJson, sendPieces } from './send-json';
import {
  eventsFromWire,
  eventsToWire,
  catalogueToWire,
  dimensionValuesToWire,
  queryFromWire,
  summaryFromWire,
  summaryToWire,
} from './wire-mapping';

type Schemas = components['schemas'];
type ValuesOperation = operations['listDimensionValues']['parameters'];

/** Catalogue, dimension values, query, summary and events. Scope `read`. */
export function queryRoutes(
  app: FastifyInstance,
  dependencies: HttpDependencies,
  contract: ApiContract,
): void {
  const { engine } = dependencies;
  const config = { scope: 'read', gate: 'data' } as const;

  app.get('/api/v1/metrics', { config }, async ({ principal }, reply) =>
    sendJson(reply, catalogueToWire(engine.catalogue(principal.tenant))),
  );

  const values = contract.of('listDimensionValues');
  app.get('/api/v1/metrics/:metric/dimensions/:dimension/values', { config }, async (request, reply) => {
    const given = { ...(request.query as object), ...(request.params as object) };
    values.parameters(given);
    const { metric, dimension, from_ms, to_ms, prefix, limit } = given as ValuesOperation['path'] &
      NonNullable<ValuesOperation['query']>;
    const found = await request.work.run((scope) =>
      engine.dimensionValues(
        metric,
        dimension,
        { fromMs: from_ms, toMs: to_ms, prefix, limit: limit ?? 1_000 },
        request.principal.tenant,
        scope,
      ),
    );
    return sendJson(reply, dimensionValuesToWire(found));
  });

  const query = contract.of('query');
  app.post('/api/v1/query', { config }, async ({ body, principal, work }, reply) => {
    query.body(body);
    const asked = queryFromWire(body as Schemas['QueryRequest']);
    const answer = await work.run((scope) => engine.query(asked, principal.tenant, scope));
    return sendQueryAnswer(reply, answer, asked.includeRevisions === true);
  });

  const summary = contract.of('summary');
  app.post('/api/v1/summary', { config }, async ({ body, principal, work }, reply) => {
    summary.body(body);
    const asked = summaryFromWire(body as Schemas['SummaryRequest']);
    const answer = await work.run((scope) => engine.summary(asked, principal.tenant, scope));
    return sendJson(reply, summaryToWire(answer));
  });

  const events = contract.of('queryEvents');
  app.post('/api/v1/events/query', { config }, async ({ body, principal, work }, reply) => {
    events.body(body);
    const asked = eventsFromWire(body as Schemas['EventsRequest']);
    const answer = await work.run((scope) => engine.events(asked, principal.tenant, scope));
    return sendJson(reply, eventsToWire(answer));
  });
}

function sendQueryAnswer(reply: FastifyReply, answer: QueryAnswer, includeRevisions: boolean): FastifyReply {
  return sendPieces(reply, queryAnswerJson(answer, includeRevisions), isSmall(answer));
}
