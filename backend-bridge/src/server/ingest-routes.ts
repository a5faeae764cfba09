import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RequestError } from '../domain/errors';
import type { Ingest } from '../domain/source';
import type { ApiContract } from './api-contract';
import type { HttpDependencies } from './http-dependencies';
import { sendJson } from './send-json';

/** Raw events and profiles for the embedded pipeline. Scope `ingest`. */
export function ingestRoutes(
  app: FastifyInstance,
  dependencies: HttpDependencies,
  contract: ApiContract,
): void {
  const { options } = dependencies;
  const config = { scope: 'ingest', gate: 'ingest' } as const;
  const ingest = (): Ingest => {
    if (dependencies.ingest) return dependencies.ingest;
    throw new RequestError(
      'ingest_disabled',
      'This bridge reads Kafka; produce to the source topic instead, or unset KAFKA_BROKERS for the embedded pipeline',
    );
  };
  readHarmlessNames(app);
  // Before the body is read: nothing of it would be used.
  const onRequest = (_request: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
    ingest();
    done();
  };

  const events = contract.of('ingestEvents');
  app.post(
    '/api/v1/ingest/events',
    { config, bodyLimit: options.maxBodyBytes, onRequest },
    async ({ body, principal, work }, reply) => {
      events.body(body);
      const given = body as readonly unknown[];
      if (given.length > options.maxIngestEvents) {
        throw new RequestError(
          'payload_too_large',
          `One request takes at most ${options.maxIngestEvents} events; send these ${given.length} in parts`,
          { limit: options.maxIngestEvents },
        );
      }
      const { accepted, rejected } = await work.run(() => ingest().events(given, principal.tenant));
      return sendJson(reply, {
        accepted,
        rejected: rejected.map(({ index, reason }) => ({ index, reason })),
      });
    },
  );

  const profile = contract.of('putProfile');
  app.put(
    '/api/v1/ingest/profiles/:user_id',
    { config, onRequest },
    async ({ body, params, principal, work }, reply) => {
      profile.parameters({ ...(params as object) });
      profile.body(body);
      const { user_id: userId } = params as { user_id: string };
      await work.run(() => ingest().profile(userId, body, principal.tenant));
      return reply.code(204).send();
    },
  );
}

/**
 * An event whose content has a name such as `__proto__` is one bad event at most. The pipeline reads own properties
 * and never copies them, so for ingest such a body is read as it is; everywhere else it stays refused.
 */
function readHarmlessNames(app: FastifyInstance): void {
  const strict = app.getDefaultJsonParser('error', 'error');
  const plain = app.getDefaultJsonParser('ignore', 'ignore');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    const parse = request.routeOptions.config.gate === 'ingest' ? plain : strict;
    void parse(request, body, done);
  });
}
