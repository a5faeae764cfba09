import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMetricsFile } from '../../backend-bridge/src/config/metrics-file';
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
  const outcomes = (name: string): string[] => {
    const file = join(folder, name, 'metrics.yaml');
    const [of] = parseMetricsFile(readFileSync(file, 'utf8'), file);
    const lines = readFileSync(join(folder, name, 'records.jsonl'), 'utf8')
      .trim()
      .split('\n');
    return lines.map((line) => {
      const one = JSON.parse(line) as Case;
      const record = {
        key: bytes(one.key, one.key_hex),
        value: bytes(one.value, one.value_hex),
        timestampMs: one.ts,
      };
      if (reasonOf(of!, record) !== 'decoded') return refusalOf(of!, record).message;
      const { removed, measures } = decode(of!, record);
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
});
