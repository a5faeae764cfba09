/** A time whose unit is known from the schema, whatever unit the mapping names. */
export class Instant {
  constructor(
    readonly ms: number,
    /** The raw number, for a measure or a label. */
    readonly written: number | bigint,
  ) {}
}

const MS_OF = {
  days: (written: number | bigint) => Number(written) * 86_400_000,
  ms: Number,
  us: (written: number | bigint) =>
    typeof written === 'bigint' ? Number(written / 1_000n) : Math.floor(written / 1_000),
  ns: (written: number | bigint) =>
    typeof written === 'bigint' ? Number(written / 1_000_000n) : Math.floor(written / 1_000_000),
} as const;

export type InstantUnit = keyof typeof MS_OF;

export const instantOf = (written: number | bigint, unit: InstantUnit): Instant =>
  new Instant(MS_OF[unit](written), written);

/** Logical time types of Kafka Connect and Debezium, by schema name. */
export const CONNECT_INSTANTS: ReadonlyMap<string, InstantUnit> = new Map([
  ['org.apache.kafka.connect.data.Timestamp', 'ms'],
  ['org.apache.kafka.connect.data.Date', 'days'],
  ['io.debezium.time.Timestamp', 'ms'],
  ['io.debezium.time.MicroTimestamp', 'us'],
  ['io.debezium.time.NanoTimestamp', 'ns'],
  ['io.debezium.time.Date', 'days'],
]);
