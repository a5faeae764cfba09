import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';

/** How JSON answers are sent: never cached, and long ones in pieces. */

const JSON_TYPE = 'application/json; charset=utf-8';
/** Text that is written to the socket at once: pieces are shorter, and each write is a call of the system. */
const WRITE_LENGTH = 32_768;

export function sendJson(reply: FastifyReply, answer: unknown): FastifyReply {
  return reply.header('cache-control', 'no-store').type(JSON_TYPE).send(JSON.stringify(answer));
}

/** Sends JSON text that is made in pieces. @param small all of it may be made at once */
export function sendPieces(reply: FastifyReply, pieces: Iterable<string>, small: boolean): FastifyReply {
  void reply.header('cache-control', 'no-store').type(JSON_TYPE);
  return reply.send(small ? [...pieces].join('') : Readable.from(paced(pieces), { objectMode: false }));
}

/** Some pieces for each turn of the event loop, and only when the caller takes them. */
async function* paced(pieces: Iterable<string>): AsyncGenerator<string> {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < WRITE_LENGTH) continue;
    yield text;
    text = '';
    await setImmediate();
  }
  yield text;
}
