import type { AvroReader } from '../decoding/record-decoder';
import { SchemaNeeded, Undecodable } from '../decoding/undecodable';
import type { SchemaRegistry } from './schema-registry';

const FRAME_BYTES = 5;
const MAX_SCHEMA_ID = 0x7fffffff;

/** Reads `00`, a 4-byte schema id, and the body, with the schemas the registry has given. */
export function createConfluentAvro(registry: SchemaRegistry, onUnsafeLong: () => void): AvroReader {
  return {
    decode: (bytes, from, to, what) => {
      const reason = what === 'key' ? 'key_malformed' : 'value_malformed';
      if (to - from < FRAME_BYTES || bytes[from] !== 0) {
        throw new Undecodable(
          reason,
          `the ${what} does not begin with a zero byte and a schema id; is it Avro with a Schema Registry?`,
        );
      }
      const id = bytes.readUInt32BE(from + 1);
      // Ids are signed 32-bit integers of the registry.
      if (id > MAX_SCHEMA_ID) {
        throw new Undecodable(
          'unknown_schema',
          `the ${what} names schema ${id}, which no registry gives out`,
        );
      }
      const schema = registry.known(id);
      if (schema === undefined) throw new SchemaNeeded(id);
      if ('unknown' in schema) throw new Undecodable('unknown_schema', schema.unknown);
      try {
        const { value, unsafe } = schema.decode(bytes.subarray(from + FRAME_BYTES, to));
        if (unsafe) onUnsafeLong();
        return value;
      } catch (error) {
        throw new Undecodable(reason, `the ${what} does not fit schema ${id}: ${(error as Error).message}`, {
          cause: error,
        });
      }
    },
  };
}

/** For mappings without Avro. */
export const noAvro: AvroReader = {
  decode: () => {
    throw new Undecodable('value_malformed', 'no Schema Registry is set');
  },
};
