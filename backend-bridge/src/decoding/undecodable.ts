/**
 * Reasons why a record produces no point. Labels of a Prometheus counter and headers of dead letters: never renamed.
 */
export type UndecodableReason =
  | 'key_missing'
  | 'key_length'
  | 'key_malformed'
  | 'value_malformed'
  | 'unknown_schema'
  | 'missing_field'
  | 'not_a_number'
  | 'bad_label'
  | 'bad_time'
  | 'window_misaligned'
  | 'window_end'
  | 'window_in_future'
  | 'tombstone_incomplete'
  | 'conflict'
  | 'record_too_large'
  | 'batch_unreadable'
  | 'decoder_failed';

/** The record cannot be decoded with this mapping and goes to the dead-letter topic. */
export class Undecodable extends Error {
  constructor(
    readonly reason: UndecodableReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'Undecodable';
  }
}

/** The refusal for a decoder error. Unexpected errors are bugs, which still affect only this record. */
export function refusalOf(error: unknown): Undecodable {
  if (error instanceof Undecodable) return error;
  const { name, message } = error as Error;
  return new Undecodable(
    'decoder_failed',
    `the bridge failed on this record (${name}: ${message}); please report it with the record`,
    { cause: error },
  );
}

/** The record can be decoded once this schema is loaded from the registry. */
export class SchemaNeeded extends Error {
  constructor(readonly schemaId: number | string) {
    super(`schema ${schemaId} is not loaded`);
    this.name = 'SchemaNeeded';
  }
}
