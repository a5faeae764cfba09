import { connect, type Socket } from 'node:net';
import { answer } from './answering';

/**
 * Many WebSocket clients that cost little: frames are counted by their headers, and only every twentieth client
 * reads what is in them. ws itself would be busier with reading than the bridge with sending.
 */

export interface OpenParams {
  readonly port: number;
  readonly clients: number;
  /** A message that each client sends after the upgrade; null: none, the original protocol. */
  readonly hello: string | null;
  /** The type of the messages that are counted. */
  readonly type: string;
}

export interface Counts {
  readonly messages: number;
  readonly bytes: number;
  /** Points by the sampled clients' share; each counted message of the original protocol is one point. */
  readonly points: number;
  readonly fewest: number;
  readonly most: number;
  readonly open: number;
}

const SAMPLE_EVERY = 20;
/** `{"type":"series_update"` tells itself apart within so many bytes. */
const HEAD_BYTES = 40;

interface FrameReader {
  messages: number;
  bytes: number;
  readonly points: { count: number } | null;
}

class Client implements FrameReader {
  messages = 0;
  bytes = 0;
  open = false;
  private rest: Buffer | null = null;
  private skip = 0;
  private upgraded = false;

  constructor(
    readonly socket: Socket,
    private readonly type: Buffer,
    readonly points: { count: number } | null,
    private readonly onOpen: () => void,
  ) {
    socket.on('data', (chunk) => this.read(chunk));
    socket.on('close', () => {
      this.open = false;
    });
    socket.on('error', () => undefined);
  }

  private read(chunk: Buffer): void {
    let data = this.rest === null ? chunk : Buffer.concat([this.rest, chunk]);
    this.rest = null;
    if (!this.upgraded) {
      const end = data.indexOf('\r\n\r\n');
      if (end < 0) {
        this.rest = data;
        return;
      }
      if (!data.toString('latin1', 0, 12).endsWith('101')) throw new Error(data.toString('latin1', 0, end));
      this.upgraded = true;
      this.open = true;
      this.onOpen();
      data = data.subarray(end + 4);
    }
    let at = 0;
    while (at < data.length) {
      if (this.skip > 0) {
        const taken = Math.min(this.skip, data.length - at);
        this.skip -= taken;
        at += taken;
        continue;
      }
      const left = data.length - at;
      let header = 2;
      let length = left < 2 ? 0 : data[at + 1]! & 0x7f;
      if (length === 126) {
        header = 4;
        if (left >= 4) length = data.readUInt16BE(at + 2);
      } else if (length === 127) {
        header = 10;
        if (left >= 10) length = Number(data.readBigUInt64BE(at + 2));
      }
      const needed = this.points === null ? header + Math.min(length, HEAD_BYTES) : header + length;
      if (left < header || left < needed) {
        this.rest = Buffer.from(data.subarray(at));
        return;
      }
      this.frame(data, at + header, length);
      this.skip = header + length;
    }
  }

  private frame(data: Buffer, at: number, length: number): void {
    if (
      length < this.type.length ||
      data.compare(this.type, 0, this.type.length, at, at + this.type.length) !== 0
    )
      return;
    this.messages += 1;
    this.bytes += length;
    if (this.points === null) return;
    const message = JSON.parse(data.toString('utf8', at, at + length)) as { series?: { times: number[] }[] };
    if (message.series === undefined) this.points.count += 1;
    else for (const { times } of message.series) this.points.count += times.length;
  }
}

let clients: Client[] = [];

function maskedText(text: string): Buffer {
  const payload = Buffer.from(text);
  const header = payload.length < 126 ? 6 : 8;
  const frame = Buffer.alloc(header + payload.length);
  frame[0] = 0x81;
  if (payload.length < 126) frame[1] = 0x80 | payload.length;
  else {
    frame[1] = 0x80 | 126;
    frame.writeUInt16BE(payload.length, 2);
  }
  // The mask is zero: the payload stays as it is.
  payload.copy(frame, header);
  return frame;
}

async function open({ port, clients: count, hello, type }: OpenParams): Promise<number> {
  const start = Buffer.from(`{"type":"${type}"`);
  for (let i = 0; i < count; i += 1) {
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port }, () => {
        socket.write(
          `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
            `Sec-WebSocket-Key: ${Buffer.alloc(16, i).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
        );
      });
      socket.once('error', reject);
      const points = i % SAMPLE_EVERY === 0 ? { count: 0 } : null;
      const client = new Client(socket, start, points, () => {
        if (hello !== null) socket.write(maskedText(hello));
        resolve();
      });
      clients.push(client);
    });
  }
  return clients.length;
}

/** What came since the last call. */
function take(): Counts {
  let messages = 0;
  let bytes = 0;
  let sampled = 0;
  let points = 0;
  let fewest = Number.POSITIVE_INFINITY;
  let most = 0;
  let live = 0;
  for (const client of clients) {
    messages += client.messages;
    bytes += client.bytes;
    fewest = Math.min(fewest, client.messages);
    most = Math.max(most, client.messages);
    if (client.open) live += 1;
    if (client.points !== null) {
      sampled += client.messages;
      points += client.points.count;
      client.points.count = 0;
    }
    client.messages = 0;
    client.bytes = 0;
  }
  return {
    messages,
    bytes,
    points: sampled === 0 ? 0 : (points / sampled) * messages,
    fewest,
    most,
    open: live,
  };
}

function close(): void {
  for (const { socket } of clients) socket.destroy();
  clients = [];
}

answer({ open, take, close });
