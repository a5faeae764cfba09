import { inspected } from '../support/inspection/compared-points';
import { json, recordsOf, START, windowed } from '../support/inspection/sampled-rows';

describe('inspect on what it cannot map', () => {
  it.each([
    ['nothing', [], /^Topic orders is empty;/],
    ['tombstones only', [{ key: windowed('a', START), value: null, ts: START }], /are tombstones/],
    [
      'bytes of no format',
      [{ key: null, value: Buffer.from('0afe00c3ff9aaa0102', 'hex'), ts: START }],
      /are not JSON/,
    ],
    [
      'a schema id without a registry',
      [{ key: null, value: Buffer.from('000000000702aabbccdd', 'hex'), ts: START }],
      /set SCHEMA_REGISTRY_URL/,
    ],
    [
      'AWS Glue’s frame',
      [{ key: null, value: Buffer.concat([Buffer.from([3, 0]), Buffer.alloc(20, 9)]), ts: START }],
      /AWS Glue Schema Registry/,
    ],
    [
      'keys in seconds',
      [{ key: windowed('a\u0001', START / 1_000), value: json({ n: 1 }), ts: START }],
      /in seconds/,
    ],
    ['texts without a number', [{ key: null, value: json({ a: 'b' }), ts: START }], /is a number/],
  ] as const)('%s: one sentence', (_, given, sentence) => {
    const refused = (): unknown => inspected('orders', recordsOf(given));
    expect(refused).toThrow(sentence);
    expect(refused).toThrow(/^[^\n]+$/);
  });
});
