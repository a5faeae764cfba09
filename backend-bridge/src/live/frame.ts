/**
 * WebSocket text frames (RFC 6455, unmasked as a server sends them), built once and written to any number of sockets.
 * ws.send() would build a header per client.
 */

const TEXT = 0x1;
const CONTINUATION = 0x0;
const FIN = 0x80;

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

/** A complete text message of the given parts. */
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

/** One fragment of a text message; control frames may be sent between fragments. */
export function fragmentFrame(text: string, first: boolean, last: boolean): Buffer {
  const frame = textFrame(text);
  frame[0] = (first ? TEXT : CONTINUATION) | (last ? FIN : 0);
  return frame;
}
