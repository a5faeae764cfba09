import { isUtf8 } from 'node:buffer';
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
  readJson(app);
  // Before the body is read, as it would not be used.
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
          `One request may hold at most ${options.maxIngestEvents} events; send these ${given.length} in parts`,
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
 * Reads bodies in UTF-8, in which two users of other bytes cannot become one. Accepts names such as `__proto__` for
 * ingest, where such an event is at most one bad event: the pipeline reads own properties only and never copies them.
 * All other routes refuse such bodies.
 */
function readJson(app: FastifyInstance): void {
  const strict = app.getDefaultJsonParser('error', 'error');
  const plain = app.getDefaultJsonParser('ignore', 'ignore');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (!isUtf8(body)) {
      done(new RequestError('malformed_json', 'The body is not UTF-8 text, in which JSON is sent'));
      return;
    }
    const parse = request.routeOptions.config.gate === 'ingest' ? plain : strict;
    void parse(request, body.toString(), done);
  });
}
