import type { FormatName, PayloadMapping } from '../domain/mapping';
import type { Format, FormatFactory, PayloadPlace, SchemaSource } from './format';
import { avroFormat } from './formats/avro';
import { delimitedFormat } from './formats/delimited';
import { jsonFormat } from './formats/json';
import { noFormat } from './formats/none';
import { numberFormat } from './formats/number';
import { protobufFormat } from './formats/protobuf';
import { textFormat } from './formats/text';

const FACTORIES: Readonly<Record<FormatName, FormatFactory>> = {
  none: noFormat,
  string: textFormat,
  short: numberFormat('short'),
  int: numberFormat('int'),
  long: numberFormat('bigint'),
  bigint: numberFormat('bigint'),
  float: numberFormat('float'),
  double: numberFormat('double'),
  json: jsonFormat,
  avro: avroFormat,
  protobuf: protobufFormat,
  delimited: delimitedFormat,
};

/** Creates the format of a mapping's key or value. */
export function createFormat(
  mapping: PayloadMapping,
  place: PayloadPlace,
  schemas: SchemaSource | null,
): Format {
  return FACTORIES[mapping.format](mapping, place, schemas);
}
