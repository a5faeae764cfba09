import * as fc from 'fast-check';
import type { Writable } from 'node:stream';
import * as ws from 'ws';
import { FRAGMENT_BYTES, fragments, textFrame } from './frame';

// Not in the types of ws, though exported.
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };

/** What ws reads from these bytes, as a client would. */
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

  test('fragments of any text become one message again, several one after the other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.integer({ min: 1, max: 40_000 }),
        async (part, times) => {
          const text = part.repeat(Math.ceil(times / part.length));
          const frames = [...fragments(Buffer.from(text))];
          expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThanOrEqual(FRAGMENT_BYTES + 10);
          expect(await received(Buffer.concat([...frames, textFrame('next')]))).toEqual([text, 'next']);
        },
      ),
      { numRuns: 50 },
    );
    const long = 'é'.repeat(FRAGMENT_BYTES);
    expect(await received(Buffer.concat([...fragments(Buffer.from(long))]))).toEqual([long]);
  });
});
