import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FakeAnswers } from './fake-answers';
import { Refusal } from './fake-selection';
import type { AskedRequest, Misbehaviour } from './misbehaviour';

/** The HTTP side of the contract, over scripted points. */

export interface FakeHttpParts {
  readonly answers: FakeAnswers;
  readonly misbehaviour: Misbehaviour;
  readonly asked: AskedRequest[];
  /** Whether the Authorization header lets the caller in. */
  allowed(header: string | undefined): boolean;
}

type Body = Readonly<Record<string, unknown>>;

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  /** Without a token too. */
  readonly open?: boolean;
  answer(answers: FakeAnswers, request: { query: URLSearchParams; names: string[]; body: Body }): unknown;
}

const ROUTES: readonly Route[] = [
  { method: 'GET', path: /^\/api\/v1\/metrics$/, answer: (answers) => answers.catalogue() },
  {
    method: 'GET',
    path: /^\/api\/v1\/metrics\/([^/]+)\/dimensions\/([^/]+)\/values$/,
    answer: (answers, { names, query }) => answers.values(names[0]!, names[1]!, query),
  },
  { method: 'POST', path: /^\/api\/v1\/query$/, answer: (answers, { body }) => answers.query(body) },
  { method: 'POST', path: /^\/api\/v1\/summary$/, answer: (answers, { body }) => answers.summary(body) },
  { method: 'POST', path: /^\/api\/v1\/events\/query$/, answer: (answers, { body }) => answers.events(body) },
  { method: 'GET', path: /^\/api\/v1\/status$/, answer: (answers) => answers.status() },
  {
    method: 'GET',
    path: /^\/api\/v1\/status\/history$/,
    answer: (answers, { query }) => answers.statusHistory(query),
  },
  {
    method: 'GET',
    path: /^\/healthz$/,
    open: true,
    answer: () => ({ status: 'alive', loop_lag_ms: 0 }),
  },
  { method: 'GET', path: /^\/readyz$/, open: true, answer: () => ({ status: 'ready' }) },
];

/** Fields of request bodies: the bodies are closed. */
const FIELDS = new Set([
  'metric',
  'measure',
  'from_ms',
  'to_ms',
  'filters',
  'group_by',
  'step_ms',
  'max_points',
  'over_time',
  'fill',
  'include_open',
  'include_revisions',
  'limit',
]);

export function handleRequest(
  parts: FakeHttpParts,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const asked: AskedRequest = {
      atMs: Date.now(),
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    parts.asked.push(asked);
    const { hang, reset, delayMs } = parts.misbehaviour;
    if (hang?.test(asked.path) === true) return;
    if (reset?.test(asked.path) === true) {
      request.socket.resetAndDestroy();
      return;
    }
    if (delayMs === 0) answerTo(parts, asked, response);
    else setTimeout(() => answerTo(parts, asked, response), delayMs);
  });
}

function answerTo(parts: FakeHttpParts, asked: AskedRequest, response: ServerResponse): void {
  const { lie, original } = parts.misbehaviour;
  const lied = lie?.(asked) ?? null;
  if (lied !== null) {
    response.writeHead(lied.status ?? 200, { 'content-type': lied.type ?? 'application/json' });
    response.end(lied.body);
    return;
  }
  if (original) {
    response.writeHead(426, { 'content-type': 'text/plain' }).end('Upgrade Required');
    return;
  }
  try {
    const body = JSON.stringify(rightAnswer(parts, asked));
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(body);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status, code, message, details } = error;
    const body = { error: { code, message, retryable: status === 503 || status === 429, details } };
    response
      .writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
      .end(JSON.stringify(body));
  }
}

function rightAnswer(parts: FakeHttpParts, asked: AskedRequest): unknown {
  const [path, query] = asked.path.split('?') as [string, string | undefined];
  const fits = ROUTES.filter((route) => route.path.test(path));
  const route = fits.find(({ method }) => method === asked.method);
  const authorization = asked.headers['authorization'];
  if (route?.open !== true && !parts.allowed(authorization as string | undefined)) {
    throw new Refusal(401, 'unauthenticated', 'A valid token is needed: Authorization: Bearer <token>.');
  }
  if (fits.length === 0) throw new Refusal(404, 'not_found', `There is no ${asked.method} ${path}`);
  if (route === undefined) {
    throw new Refusal(405, 'method_not_allowed', `${path} does not take ${asked.method}.`);
  }
  return route.answer(parts.answers, {
    query: new URLSearchParams(query),
    names: (route.path.exec(path) ?? []).slice(1).map(decodeURIComponent),
    body: route.method === 'POST' ? parsedBody(asked) : {},
  });
}

function parsedBody(asked: AskedRequest): Body {
  if (asked.headers['content-type']?.includes('application/json') !== true) {
    throw new Refusal(415, 'unsupported_media_type', 'Send application/json.');
  }
  let body: unknown;
  try {
    body = JSON.parse(asked.body);
  } catch {
    throw new Refusal(400, 'malformed_json', 'The body is no JSON.');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Refusal(400, 'bad_request', 'The body must be an object.', { path: '/' });
  }
  for (const name of Object.keys(body)) {
    if (FIELDS.has(name)) continue;
    throw new Refusal(400, 'bad_request', `There is no field ${name}.`, { path: `/${name}` });
  }
  const given = body as Body;
  for (const name of ['metric', 'from_ms', 'to_ms']) {
    if (given[name] !== undefined) continue;
    throw new Refusal(400, 'bad_request', `${name} is missing.`, { path: `/${name}` });
  }
  return given;
}
