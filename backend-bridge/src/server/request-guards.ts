import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RequestError, UnavailableError } from '../domain/errors';
import type { Principal, Scope } from './access';
import { holderOf } from './holder';
import type { HttpDependencies } from './http-dependencies';
import { RequestWork } from './request-work';
import { knownEpoch } from './status-report';
import { hasScope } from './tokens';

/** Checks of every request before its body is read: host, origin, token, scope and the concurrency limit. */

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal;
    /** Set for requests with a gate. */
    work: RequestWork;
  }
  interface FastifyContextConfig {
    /** Absent: no token needed. */
    scope?: Scope;
    /** Which concurrency limit applies. */
    gate?: 'data' | 'ingest' | 'inspect' | 'observe';
  }
}

const NOBODY: Principal = { name: 'nobody', scopes: new Set(), tenant: [] };

export function guardRequests(app: FastifyInstance, { access, store, budgets }: HttpDependencies): void {
  const gates = {
    data: budgets.queries,
    ingest: budgets.ingest,
    inspect: budgets.inspections,
    observe: budgets.observations,
  };
  app.decorateRequest('principal');
  app.decorateRequest('work');
  app.addHook('onRequest', async (request, reply) => {
    request.principal = NOBODY;
    void reply.header('x-content-type-options', 'nosniff');
    if (!access.hostAllowed(request.headers.host)) {
      throw new RequestError('host_refused', 'This Host header is not allowed; add it to allowed_hosts');
    }
    const { origin } = request.headers;
    void reply.header('vary', 'Origin');
    if (!access.originAllowed(origin)) {
      throw new RequestError('origin_refused', 'This Origin is not allowed; add it to allowed_origins');
    }
    if (origin !== undefined) {
      void reply.header('access-control-allow-origin', origin);
      void reply.header('access-control-expose-headers', 'Retry-After');
      if (isPreflight(request)) return allowPreflight(request, reply);
    }
    const { scope, gate } = request.routeOptions.config;
    if (scope !== undefined) {
      request.principal = authorize(access, request, scope);
      budgets.pending.remove(request.socket);
    }
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      throw new RequestError('unsupported_media_type', 'Send the body without Content-Encoding');
    }
    if (gate === 'data' && knownEpoch(store) === '') {
      throw new UnavailableError(
        'store',
        'The store has not answered since the bridge started; try again soon',
      );
    }
    if (gate !== undefined) {
      const holder = holderOf(access, request.principal, request.socket.remoteAddress);
      request.work = new RequestWork(reply.raw, {
        holder,
        memory: budgets.memory.open([holder]),
        turns: budgets.turns,
      });
      await request.work.enter(gates[gate]);
    }
    return undefined;
  });
}

function isPreflight(request: FastifyRequest): boolean {
  return request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
}

function allowPreflight(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (request.headers['access-control-request-private-network'] === 'true') {
    void reply.header('access-control-allow-private-network', 'true');
  }
  return reply
    .code(204)
    .header('access-control-allow-methods', 'GET, POST, PUT')
    .header('access-control-allow-headers', 'authorization, content-type')
    .header('access-control-max-age', '600')
    .send();
}

function authorize(access: HttpDependencies['access'], request: FastifyRequest, scope: Scope): Principal {
  const found = access.fromHeader(request.headers.authorization, request.socket.remoteAddress ?? '');
  if ('code' in found) throw new RequestError(found.code, found.message, {}, found.code === 'rate_limited');
  if (!hasScope(found, scope)) {
    throw new RequestError('forbidden', `The token ${found.name} lacks the scope ${scope}`, { scope });
  }
  return found;
}
