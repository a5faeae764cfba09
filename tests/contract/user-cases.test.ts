import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMetricsFile } from '../../backend-bridge/src/config/metrics-file';
import type { TopicMapping } from '../../backend-bridge/src/domain/mapping';
import { decode, reasonOf, refusalOf } from '../../backend-bridge/src/decoding/decoding.test-support';

/** Files and records as people had them. */
describe('cases of users', () => {
  interface Case {
    readonly key?: string | null;
    readonly key_hex?: string;
    readonly value?: string;
    readonly value_hex?: string;
    readonly ts: number;
  }
  const folder = join(__dirname, '../fixtures/user-cases');
  const bytes = (text: string | null | undefined, hex: string | undefined): Buffer | null =>
    hex !== undefined
      ? Buffer.from(hex, 'hex')
      : text === null || text === undefined
        ? null
        : Buffer.from(text);
  const mappingText = (name: string): string => readFileSync(join(folder, name, 'metrics.yaml'), 'utf8');
  const mappingOf = (name: string, text = mappingText(name)): TopicMapping =>
    parseMetricsFile(text, join(folder, name, 'metrics.yaml'))[0]!;
  const recordsOf = (name: string): { key: Buffer | null; value: Buffer | null; timestampMs: number }[] =>
    readFileSync(join(folder, name, 'records.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const one = JSON.parse(line) as Case;
        return {
          key: bytes(one.key, one.key_hex),
          value: bytes(one.value, one.value_hex),
          timestampMs: one.ts,
        };
      });
  /** Starts and values of the points. */
  const pointsOf = (name: string): [string, number | undefined][] => {
    const of = mappingOf(name);
    return recordsOf(name).map((record) => {
      const { startMs, measures } = decode(of, record);
      return [new Date(startMs).toISOString(), measures[0]];
    });
  };
  const outcomes = (name: string, of = mappingOf(name)): string[] => {
    return recordsOf(name).map((record) => {
      if (reasonOf(of, record) !== 'decoded') return refusalOf(of, record).message;
      const { removed, measures } = decode(of, record);
      return removed ? 'removed' : String(measures[0]);
    });
  };

  it('bare numbers where fields are named (e01)', () => {
    expect(outcomes('e01')).toEqual([
      expect.stringContaining('say `format: bigint` and `field: $`'),
      expect.stringContaining('`field: $`'),
      expect.stringContaining('`field: $`'),
      expect.stringContaining('`format: delimited`'),
      expect.stringContaining('`double`'),
    ]);
  });

  it('deletes of debezium-json (f04)', () => {
    expect(outcomes('f04')).toEqual(['7', 'removed', '8', '3', 'removed']);
  });

  it('JSON behind the id of a JSON Schema (f11)', () => {
    expect(outcomes('f11')).toEqual(['5']);
  });

  it('seconds in a windowed key (f31)', () => {
    for (const message of outcomes('f31')) expect(message).toMatch(/looks like seconds/);
  });

  it('plain keys read as windowed (k05)', () => {
    const messages = outcomes('k05');
    expect(messages[0]).toMatch(/"20200529"/);
    expect(messages[2]).toBe('the record has no key, and the mapping reads one');
    expect(messages.filter((message) => message.includes('`windowed: none`'))).toHaveLength(3);
  });

  it('windows that begin at 16:00:42 (k10)', () => {
    expect(pointsOf('k10')).toEqual([
      ['2026-11-29T16:00:42.000Z', 1],
      ['2026-11-29T16:01:42.000Z', 2],
      ['2026-11-29T16:02:42.000Z', 3],
      ['2026-11-29T16:04:42.000Z', 5],
      ['2026-11-29T16:05:42.000Z', 6],
    ]);
  });

  it('a period of five minutes from any second (k17)', () => {
    expect(pointsOf('k17')).toEqual([['2026-11-29T16:00:06.000Z', 12.5]]);
    const any = mappingOf('k17', mappingText('k17').replace('offset: 6s', 'offset: any'));
    expect(outcomes('k17', any)).toEqual(['12.5']);
  });

  it.each([
    ['k10', 'offset: 42s'],
    ['k17', 'offset: 6s'],
  ])('the offset that is missing in a mapping (%s)', (name, offset) => {
    const without = mappingOf(name, mappingText(name).replace(` ${offset},`, ''));
    for (const message of outcomes(name, without)) expect(message).toContain(`say \`${offset}\``);
  });

  it('the end of a window alone (y01)', () => {
    expect(pointsOf('y01')).toEqual([['2026-11-29T16:00:00.000Z', 3]]);
  });

  it('a grace as long as the retention (h01)', () => {
    expect(() => mappingOf('h01')).toThrow(/no window would be final before its points expire/);
  });

  it('averages of what is neither sum nor count (h02)', () => {
    for (const fault of [
      /value\.sum_from: "s" has combine: max/,
      /value\.count_from: "c" has combine: none/,
      /self\.sum_from: an average is not its own sum or count/,
      /swapped\.sum_from: "c" has combine: none/,
    ]) {
      expect(() => mappingOf('h02')).toThrow(fault);
    }
  });

  it('local times without a zone (f32)', () => {
    const [first] = recordsOf('f32');
    // As it was read: Shanghai's clock is eight hours ahead.
    const refused = refusalOf(mappingOf('f32'), first!, { nowMs: first!.timestampMs });
    expect(refused.reason).toBe('window_in_future');
    expect(refused.message).toContain('say their zone: `timezone:');
    const zoned = mappingOf(
      'f32',
      mappingText('f32').replace('unit: text', 'unit: text, timezone: Asia/Shanghai'),
    );
    const point = decode(zoned, first!, undefined, first!.timestampMs);
    expect(new Date(point.startMs).toISOString()).toBe('2026-11-29T18:46:00.000Z');
  });
});
