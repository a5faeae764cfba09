/** The records and metrics of the benches: what a stream of one-minute windows over many series writes. */

export const MINUTE_MS = 60_000;
export const ONE_MEASURE = 'bench_one';
export const THREE_MEASURES = 'bench_three';

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  [ONE_MEASURE]: ['value'],
  [THREE_MEASURES]: ['value', 'second', 'third'],
};

/** metrics.yaml with one of the benches' metrics. Kept two days, so that nothing expires meanwhile. */
export function metricsFile(metric: string): string {
  const measures = FIELDS[metric]!.map(
    (field) => `      ${field}: { field: ${field.toUpperCase()}, combine: sum }`,
  );
  return `version: 1
metrics:
  ${metric}:
    topic: ${metric}
    key: { format: string, windowed: time }
    value: { format: json }
    window: { type: tumbling, size: 1m, grace: 30s }
    retention: 48h
    dimensions:
      series: { from: key }
    measures:
${measures.join('\n')}
`;
}

export function seriesName(series: number): string {
  return `series-${String(series).padStart(4, '0')}`;
}

/** The key as Kafka Streams and ksqlDB write it: the inner key and the window's start. */
export function windowedKey(series: number, startMs: number): Buffer {
  const name = seriesName(series);
  const key = Buffer.allocUnsafe(name.length + 8);
  key.write(name, 0, 'latin1');
  key.writeBigInt64BE(BigInt(startMs), name.length);
  return key;
}

/** About 200 bytes of JSON, as ksqlDB writes a table's row: measures among columns that nobody maps. */
export function recordValue(series: number, startMs: number, value: number): string {
  return (
    `{"SERIES_NAME":"${seriesName(series)}","VALUE":${value},"SECOND":${value + 0.5},"THIRD":${value * 2},` +
    `"WINDOW_START_MS":${startMs},"WINDOW_END_MS":${startMs + MINUTE_MS},"REGION":"eu-central-1",` +
    `"SOURCE":"checkout-service","SCHEMA_VERSION":3}`
  );
}

/** The newest window that is over. */
export function lastFullWindow(nowMs: number): number {
  return Math.floor(nowMs / MINUTE_MS) * MINUTE_MS - MINUTE_MS;
}
