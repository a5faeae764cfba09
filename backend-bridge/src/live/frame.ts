/**
 * WebSocket frames of text (RFC 6455, from a server: unmasked), built once and written to any number of sockets.
 * ws.send() would build a header for each client.
 */

const TEXT = 0x1;
const CONTINUATION = 0x0;
const FIN = 0x80;

/** Fragments of one large message are so long; control frames may come between them. */
export const FRAGMENT_BYTES = 65_536;

function headerLength(payload: number): number {
  if (payload < 126) return 2;
  return payload < 65_536 ? 4 : 10;
}

function writeHeader(target: Buffer, first: number, payload: number): void {
  target[0] = first;
  if (payload < 126) {
    target[1] = payload;
  } else if (payload < 65_536) {
    target[1] = 126;
    target.writeUInt16BE(payload, 2);
  } else {
    target[1] = 127;
    target.writeUInt32BE(Math.floor(payload / 0x1_0000_0000), 2);
    target.writeUInt32BE(payload >>> 0, 6);
  }
}

/** One whole text message of the given parts. */
export function textFrame(head: string, body: Buffer | null = null): Buffer {
  const headBytes = Buffer.byteLength(head);
  const payload = headBytes + (body === null ? 0 : body.length);
  const offset = headerLength(payload);
  const frame = Buffer.allocUnsafe(offset + payload);
  writeHeader(frame, FIN | TEXT, payload);
  frame.write(head, offset);
  if (body !== null) body.copy(frame, offset + headBytes);
  return frame;
}

/** The frames of one large text message, one after the other, so that no client needs it twice in memory. */
export function* fragments(payload: Buffer): Generator<Buffer> {
  for (let at = 0; at < payload.length; at += FRAGMENT_BYTES) {
    const length = Math.min(FRAGMENT_BYTES, payload.length - at);
    const opcode = at === 0 ? TEXT : CONTINUATION;
    const fin = at + length === payload.length ? FIN : 0;
    const offset = headerLength(length);
    const frame = Buffer.allocUnsafe(offset + length);
    writeHeader(frame, fin | opcode, length);
    payload.copy(frame, offset, at, at + length);
    yield frame;
  }
}
