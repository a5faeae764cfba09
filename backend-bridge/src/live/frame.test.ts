import * as fc from 'fast-check';
import type { Writable } from 'node:stream';
import * as ws from 'ws';
import { fragmentFrame, textFrame } from './frame';

// Exported by ws, but missing from its types.
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };

/** The messages that ws decodes from these bytes. */
function received(bytes: Buffer): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const messages: string[] = [];
    const receiver = new Receiver({ isServer: false });
    receiver.on('message', (data: Buffer) => messages.push(data.toString()));
    receiver.on('error', reject);
    receiver.end(bytes, () => resolve(messages));
  });
}

describe('frames', () => {
  test.each([0, 1, 125, 126, 65_535, 65_536, 200_000])('a text of %i bytes', async (length) => {
    const text = 'x'.repeat(length);
    expect(await received(textFrame(text))).toEqual([text]);
    expect(await received(textFrame('', Buffer.from(text)))).toEqual([text]);
  });

  test('fragments of any text are reassembled, messages after them intact', async () => {
    const piece = fc.string({ unit: 'binary' }).map((text) => text.repeat(1 + (text.length % 7) * 3_000));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 5 }), async (pieces) => {
        const frames = pieces.map((text, at) => fragmentFrame(text, at === 0, at === pieces.length - 1));
        const message = Buffer.from(pieces.join('')).toString();
        expect(await received(Buffer.concat([...frames, textFrame('next')]))).toEqual([message, 'next']);
      }),
      { numRuns: 50 },
    );
  });
});
