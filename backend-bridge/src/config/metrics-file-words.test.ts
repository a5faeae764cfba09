import { parseMetricsFile } from './metrics-file';

/** Words of other systems in a metrics file: each is answered with what to write. */

const fileOf = (changes: Readonly<Record<string, string>>): string => {
  const entries = {
    topic: 't',
    window: '{ type: tumbling, size: 1m }',
    measures: '{ value: { field: n } }',
    ...changes,
  };
  const lines = Object.entries(entries).map(([name, value]) => `    ${name}: ${value}`);
  return `version: 1\nmetrics:\n  m:\n${lines.join('\n')}\n`;
};

function problemsOf(text: string): string {
  try {
    parseMetricsFile(text, 'f');
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a metrics file in other words', () => {
  test.each([
    ['value', '{ format: JSON_SR }', 'value.format', 'did you mean "json"?'],
    ['value', '{ format: json-schema }', 'value.format', 'did you mean "json"?'],
    ['value', '{ format: connect-json }', 'value.format', 'did you mean "json"?'],
    ['value', '{ format: PROTOBUF }', 'value.format', 'did you mean "protobuf"?'],
    ['value', '{ format: PROTOBUF_NOSR }', 'value.format', 'name its file in `schema`'],
    ['value', '{ format: avro-confluent }', 'value.format', 'did you mean "avro"?'],
    ['value', '{ format: confluent-avro }', 'value.format', 'did you mean "avro"?'],
    ['value', '{ format: debezium-json }', 'value.format', '`format: json`, and fields as `after.orders`'],
    ['value', '{ format: debezium-avro-confluent }', 'value.format', '`format: avro`, and fields as'],
    ['value', '{ format: canal-json }', 'value.format', 'not supported'],
    ['value', '{ format: csv }', 'value.format', '`format: delimited`, and name the `columns`'],
    ['value', '{ format: KAFKA }', 'value.format', 'string, int, long or double'],
    ['value', '{ format: int64 }', 'value.format', 'did you mean "long"?'],
    ['value', '{ format: INTEGER }', 'value.format', 'did you mean "int"?'],
    ['value', '{ format: LongSerializer }', 'value.format', 'did you mean "long"?'],
    ['key', '{ format: VARCHAR, windowed: time }', 'key.format', 'did you mean "string"?'],
    ['key', '{ format: string, windowed: true }', 'key.windowed', '`windowed: session` for session windows'],
    ['key', '{ format: string, windowed: tumbling }', 'key.windowed', 'write `windowed: time`'],
    ['key', 'string', 'key', 'write e.g. `key: { format: string, windowed: time }`'],
    ['key_format', 'JSON', 'key_format', 'write `key: { format: … }`'],
    ['window', '{ type: TUMBLE, size: 1m }', 'window.type', 'did you mean "tumbling"?'],
    ['window', '{ type: HOP, size: 1m }', 'window.type', 'did you mean "hopping"?'],
    ['window', '{ type: CUMULATE, size: 1m }', 'window.type', 'did you mean "cumulating"?'],
    ['window', '{ type: SessionWindows, gap: 1m }', 'window.type', 'did you mean "session"?'],
    ['kind', 'alerts', 'kind', 'did you mean "event"?'],
    ['event', '{ severity: warn, message: x }', 'event.severity', 'did you mean "warning"?'],
    [
      'dimensions',
      '{ shop: { from: { value: "a[0].b" } } }',
      'from.value',
      'write a.0.b, or a list of the names',
    ],
    ['dimensions', '{ shop: { from: { valu: shop } } }', 'shop.from.valu', 'unknown setting'],
    ['retention', '100001d', 'retention', 'must be at most 100000d'],
    ['topic', '..', 'topic', 'is not a Kafka topic name'],
    ['window', '{ type: day, timezone: UTC }', 'window.type', '`type: calendar`'],
    ['window', '{ type: hopping, size: 1m }', 'window.advance', 'write e.g. `advance: 10s`'],
    ['window', '{ type: hopping, size: 1m, slide: 10s }', 'window.slide', 'write `advance`'],
    ['window', '{ type: tumbling, size: 1m, advance: 1m }', 'window.advance', 'only for `type: hopping`'],
    ['window', '{ type: session, size: 30m }', 'window.size', 'sessions have a `gap`'],
    ['window', '{ type: calendar, unit: days, timezone: UTC }', 'window.unit', 'did you mean "day"?'],
    ['window', '{ type: calendar, unit: day, time_zone: UTC }', 'window.time_zone', 'write `timezone`'],
    ['window.size', '60', 'window.size', 'one in the other'],
    ['window', '{ type: tumbling, size: 60 }', 'window.size', '60 has no unit; write e.g. 60s'],
    ['window', '{ type: tumbling, size: "60" }', 'window.size', '60 has no unit; write e.g. 60s'],
    ['window', '{ type: tumbling, size: 60000 }', 'window.size', 'write e.g. 60000ms or 60000s'],
    ['window', '{ type: tumbling, size: 5 MINUTES }', 'window.size', 'write 5m'],
    ['window', '{ type: tumbling, size: PT5M }', 'window.size', 'write 5m'],
    ['window', '{ type: tumbling, size: 1w }', 'window.size', 'write 7d'],
    ['window', '{ type: tumbling, size: 1M }', 'window.size', 'write e.g. 500ms'],
    [
      'window',
      '{ type: tumbling, size: 1d, offset: -8h }',
      'window.offset',
      'an offset of -8h of windows of 1d is 16h',
    ],
    ['grace', '30s', 'grace', 'it belongs in `window`'],
    ['time', '{ start: window_start }', 'time.start', 'write `start: { field: window_start'],
    ['time', '{ start: { field: w, unit: seconds } }', 'time.start.unit', 'did you mean "s"?'],
    ['time', '{ start: { field: w, unit: millis } }', 'time.start.unit', 'did you mean "ms"?'],
    ['time', '{ start: { field: w, unit: string } }', 'time.start.unit', 'did you mean "text"?'],
    ['time', '{ start: { field: w, format: yyyy } }', 'time.start.format', 'write `unit`'],
    ['measures', '{ value: { field: n, combine: count } }', 'value.combine', 'did you mean "sum"?'],
    ['measures', '{ value: { field: n, combine: average } }', 'value.combine', '`sum_from` and `count_from`'],
    ['measures', '{ value: { field: n, aggregation: sum } }', 'value.aggregation', 'write `combine`'],
    ['measures', '{ value: n }', 'measures.value', 'write e.g. `value: { field: orders'],
    ['measures', '{ value: { field: $.a.n } }', 'value.field', 'write a.n,'],
    ['measures', '{ value: { field: "a[0].n" } }', 'value.field', 'write a.0.n,'],
    ['dimensions', '{ shop: { from: shop } }', 'dimensions.shop.from', '`from: { value: shop }`'],
    ['dimensions', '{ shop: { field: shop } }', 'dimensions.shop.field', 'write `from: { value: … }`'],
    ['topic', 'orders.*', 'topic', 'are a metric each'],
    ['kye', '{ format: none }', 'kye', 'did you mean `key`?'],
    ['retenton', '1d', 'retenton', 'did you mean `retention`?'],
    ['window', '{ type: tumbling, size: 1m, grase: 5s }', 'window.grase', 'did you mean `grace`?'],
    ['window', '{ type: tumbling, size: }', 'window.size', 'is empty; write e.g. `size: 1m`'],
    ['key', '{ format: string, windowd: time }', 'key.windowd', 'did you mean `windowed`?'],
    ['measures', '{ value: { field: n, combin: sum } }', 'value.combin', 'did you mean `combine`?'],
    ['dimensions', '{ shop: { from: key, titel: Shop } }', 'shop.titel', 'did you mean `title`?'],
    ['history', '[{ step: 5m, keep: 35d, kep: 1 }]', '0.kep', 'did you mean `keep`?'],
    ['value', '{ format: delimited, columns: [a, b] }', 'value.field', 'n is not one of the columns a, b'],
    ['value', '{ format: delimited, columns: [n, n] }', 'value.columns', 'n is there twice'],
  ])('%s: %s', (name, value, at, advice) => {
    const problems = problemsOf(fileOf({ [name]: value })).split('\n');
    const own = problems.filter((line) => line.includes(`${at}: `));
    expect({ problems, own }).toEqual({ problems, own: [expect.stringContaining(advice)] });
  });

  test.each([
    ['metrics:\n  OrdersPerMinute: {}', 'write e.g. orders_per_minute'],
    ['metrics: []', 'write e.g. `metrics: {'],
    ['version: 1\n---\nversion: 1', 'remove the lines of `---` between them'],
    ['hello', 'write e.g. `version: 1`'],
    ['metrics:\n\ta: 1', 'Tabs are not allowed as indentation at line 2, column 1; indent with spaces'],
    ['version: 1\n  metrics: {}', 'indent settings of one level alike'],
    ['version: 1\nversion: 1', 'this name is there twice; remove or rename one'],
    ['version:1\nmetrics: {}', 'write a colon and a space'],
    ['metrics: { a: { topic: t', 'close brackets before the next line'],
    ['metrics: "a', 'close the quotes'],
    ['metrics: *none', 'name each anchor (`&name`) above its aliases'],
    ['metrics: !!js/function "x"', 'remove the tag'],
    [
      `a: &a [${'x,'.repeat(20)}]\nb: &b [${'*a,'.repeat(20)}]\nc: [${'*b,'.repeat(20)}]`,
      'write the settings out',
    ],
    ['#'.repeat(1_000_001), 'is it the right file?'],
    ['version: 1\nmetrics: &a\n  x: *a', 'metrics.x: is part of itself; write the settings out'],
    [
      'version: 1\nmetrics: { constructor: { window: {} } }',
      'constructor.topic: is missing; write e.g. `topic:',
    ],
    [
      'version: 1\nmetrics: { constructor: 5 }',
      'constructor: expected settings by name (object), received number',
    ],
    ['metric: {}', 'metric: unknown setting; did you mean `metrics`?'],
  ])('%s', (text, advice) => {
    expect(problemsOf(text)).toContain(advice);
    expect(problemsOf(text)).not.toMatch(/native code|call stack/);
  });
});
