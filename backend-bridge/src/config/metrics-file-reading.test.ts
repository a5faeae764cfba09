import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMetricsFile, readMetricsFile } from './metrics-file';

const minimal = (metric: string): string => `version: 1\nmetrics:\n  m:\n${metric.replace(/^/gm, '    ')}\n`;
const VALUE = 'measures: { value: { field: N, combine: sum } }';
const TUMBLING = 'window: { type: tumbling, size: 1m }';

describe('files that metrics are read from', () => {
  test('a file that is not UTF-8 is refused, and a byte order mark is not part of it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'streamkpi-metrics-'));
    const read = (bytes: Buffer) => {
      writeFileSync(join(folder, 'm.yaml'), bytes);
      return readMetricsFile(join(folder, 'm.yaml'));
    };
    const text = minimal(`topic: t\ntitle: Umsätze\n${TUMBLING}\n${VALUE}`);
    for (const encoding of ['latin1', 'utf16le'] as const) {
      expect(() => read(Buffer.from(text, encoding))).toThrow(
        /METRICS_FILE: .*it is not UTF-8 text; save it as UTF-8/,
      );
    }
    expect(read(Buffer.from(`\ufeff${text}`))[0]!.metric.title).toBe('Umsätze');
    rmSync(folder, { recursive: true });
  });

  test("a caller's file may name schema files beside the bridge's own only", () => {
    const text = (schema: string, part = 'value') =>
      minimal(`topic: t\n${part}: { format: avro, schema: ${schema} }\n${TUMBLING}\n${VALUE}`);
    const own = join(__dirname, 'metrics.yaml');
    const check = (schema: string, part?: string) => () =>
      parseMetricsFile(text(schema, part), own, { foreign: true });
    for (const path of ['/etc/passwd', '../decoding/format.ts', './problems.ts', '.env', 'a/../../x', '""']) {
      expect(check(JSON.stringify(path))).toThrow(/value\.schema: /);
      expect(check(JSON.stringify(path))).not.toThrow(/cannot read/);
      expect(check(JSON.stringify(path), 'key')).toThrow(/key\.schema: /);
    }
    expect(check('none.avsc')).toThrow(/value\.schema: cannot read none\.avsc/);
    expect(check('problems.ts')()).toHaveLength(1);
    expect(() => parseMetricsFile(text('../decoding/format.ts'), own)).not.toThrow();
  });

  test('columns with dots are fields of one name, written as a list', () => {
    const text = (field: string) =>
      minimal(
        `topic: t\nvalue: { format: delimited, columns: [shop.id, n] }\n${TUMBLING}\nmeasures: { value: { field: ${field} } }`,
      );
    expect(() => parseMetricsFile(text('shop.id'), 'f')).toThrow(
      /shop\.id is not one of the columns shop\.id, n; write \[shop\.id\]/,
    );
    expect(parseMetricsFile(text('[shop.id]'), 'f')[0]!.measures[0]!.path).toEqual(['shop.id']);
  });
});
