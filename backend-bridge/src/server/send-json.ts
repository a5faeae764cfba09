import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';

/** Sends JSON answers: never cached, long ones in chunks. */

const JSON_TYPE = 'application/json; charset=utf-8';
/** Characters per socket write; chunks are shorter, and each write is a system call. */
const WRITE_LENGTH = 32_768;

export function sendJson(reply: FastifyReply, answer: unknown): FastifyReply {
  return reply.header('cache-control', 'no-store').type(JSON_TYPE).send(JSON.stringify(answer));
}

/** Sends JSON text produced in chunks. @param small the whole text may be built at once */
export function sendPieces(reply: FastifyReply, pieces: Iterable<string>, small: boolean): FastifyReply {
  void reply.header('cache-control', 'no-store').type(JSON_TYPE);
  return reply.send(small ? [...pieces].join('') : Readable.from(paced(pieces), { objectMode: false }));
}

/** Yields some chunks per turn of the event loop, on demand. */
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
