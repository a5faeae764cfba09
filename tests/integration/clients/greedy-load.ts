import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

/**
 * What a bridge has to bear from one address, as a process of its own: a token that takes all it can, a flood of
 * connections without one, and wrong tokens. Connections that the bridge closes are opened again, at a bounded rate,
 * until the process is ended. Prints `settled` once all have been opened.
 */

export interface GreedyLoadPlan {
  readonly port: number;
  readonly token: string;
  readonly firstMs: number;
  readonly toMs: number;
  /** Connections without a token. */
  readonly anonymous: number;
}

const HEADER_ONLY = 100;
const SLOW_READERS = 20;
const SILENT_SOCKETS = 100;
const OPENED_A_SECOND = 200;
const WRONG_TOKENS_A_SECOND = 50;
const AGAIN_MS = 1_000;
const SLOW_READ_MS = 500;
const METRIC = 'events_per_minute';
const { port, token, firstMs, toMs, anonymous } = JSON.parse(process.argv[2]!) as GreedyLoadPlan;
const host = '127.0.0.1';

/** Opens one connection; calls `over` when it is closed. */
type Open = (over: () => void) => void;

function request(body: string, length = body.length): string {
  return (
    `POST /api/v1/query HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`
  );
}

/** An HTTP request whose answer is read slowly, one chunk after the other. */
const http =
  (text: string): Open =>
  (over) => {
    const socket = connect(port, host, () => socket.write(text));
    socket.on('data', () => {
      socket.pause();
      setTimeout(() => socket.resume(), SLOW_READ_MS);
    });
    socket.on('error', () => undefined);
    socket.on('close', over);
  };

const anonymousSocket: Open = (over) => {
  const ws = new WebSocket(`ws://${host}:${port}`);
  ws.on('error', () => undefined);
  ws.on('close', over);
};

/** A WebSocket that asks for everything, twice, and reads nothing of it. */
const silentSocket =
  (index: number): Open =>
  (over) => {
    const headers = { authorization: `Bearer ${token}` };
    const ws = new WebSocket(`ws://${host}:${port}`, { headers, perMessageDeflate: false });
    ws.on('open', () => {
      const subscribe = { type: 'subscribe_metric', id: 'a', metric: METRIC, from_ms: firstMs + index };
      ws.send(JSON.stringify(subscribe));
      ws.send(JSON.stringify({ ...subscribe, id: 'b', group_by: [] }));
      ws.pause();
    });
    ws.on('error', () => undefined);
    ws.on('close', over);
  };

async function keepOpen(connections: Open[]): Promise<void> {
  const waiting = [...connections];
  let opened = 0;
  for (;;) {
    await sleep(1_000 / OPENED_A_SECOND);
    const open = waiting.shift();
    if (open === undefined) continue;
    open(() => setTimeout(() => waiting.push(open), AGAIN_MS));
    opened += 1;
    if (opened === connections.length) process.stdout.write('settled\n');
  }
}

async function sendWrongTokens(): Promise<void> {
  for (;;) {
    await sleep(1_000 / WRONG_TOKENS_A_SECOND);
    fetch(`http://${host}:${port}/api/v1/metrics`, { headers: { authorization: 'Bearer wrong' } })
      .then((answer) => answer.arrayBuffer())
      .catch(() => undefined);
  }
}

const everything = request(
  JSON.stringify({ metric: METRIC, from_ms: firstMs, to_ms: toMs, include_revisions: true }),
);
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
void keepOpen([
  ...times(HEADER_ONLY, () => http(request('', 100))),
  ...times(SLOW_READERS, () => http(everything)),
  ...times(SILENT_SOCKETS, silentSocket),
  ...times(anonymous, () => anonymousSocket),
]);
void sendWrongTokens();
