import { DataType, tableFromIPC, type Vector } from 'apache-arrow';

/** A data frame of a backend's answer, out of its Arrow form into plain values. */
export interface HostFrame {
  readonly name: string;
  readonly refId: string;
  /** As the backend wrote it; empty when it wrote none. */
  readonly meta: FrameMeta;
  readonly fields: readonly HostField[];
  /** Rows of each field; 0 for a frame without fields. */
  readonly length: number;
}

export interface FrameMeta {
  readonly type?: string;
  readonly typeVersion?: readonly [number, number];
  readonly executedQueryString?: string;
  readonly notices?: readonly { readonly severity: string; readonly text: string }[];
  readonly custom?: Readonly<Record<string, unknown>>;
  readonly [other: string]: unknown;
}

export interface HostField {
  readonly name: string;
  readonly type: 'time' | 'number' | 'string' | 'boolean';
  readonly nullable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, unknown>>;
  /** Times in milliseconds since 1970 UTC; numbers to the bit, NaN and infinities included; null where absent. */
  readonly values: readonly HostValue[];
}

export type HostValue = number | string | boolean | null;

export function hostFrame(bytes: Uint8Array): HostFrame {
  const table = tableFromIPC(bytes);
  const metadata = table.schema.metadata;
  const fields = table.schema.fields.map((field, index): HostField => {
    const vector = table.getChildAt(index);
    if (vector === null) throw new Error(`a frame without the values of its field ${field.name}`);
    return {
      name: field.metadata.get('name') ?? field.name,
      type: typeOf(field.type as DataType),
      nullable: field.nullable,
      labels: parsed(field.metadata.get('labels')),
      config: parsed(field.metadata.get('config')),
      values: valuesOf(vector),
    };
  });
  return {
    name: metadata.get('name') ?? '',
    refId: metadata.get('refId') ?? '',
    meta: parsed(metadata.get('meta')),
    fields,
    length: fields[0]?.values.length ?? 0,
  };
}

function typeOf(type: DataType): HostField['type'] {
  if (DataType.isTimestamp(type)) return 'time';
  if (DataType.isInt(type) || DataType.isFloat(type)) return 'number';
  if (DataType.isBool(type)) return 'boolean';
  if (DataType.isUtf8(type)) return 'string';
  throw new Error('a frame has a field of an Arrow type that this data source never sends');
}

function valuesOf(vector: Vector): HostValue[] {
  const values: HostValue[] = [];
  for (const chunk of vector.data) {
    const raw: unknown = chunk.values;
    const nanoseconds =
      DataType.isTimestamp(chunk.type as DataType) && raw instanceof BigInt64Array ? raw : null;
    for (let row = 0; row < chunk.length; row += 1) {
      if (!chunk.getValid(row)) values.push(null);
      // Divided as whole numbers: as a double the nanoseconds would be off.
      else if (nanoseconds !== null) values.push(Number(nanoseconds[row]! / 1_000_000n));
      else values.push(plain(vector.get(values.length) as unknown));
    }
  }
  return values;
}

function plain(value: unknown): HostValue {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  throw new Error(`a frame has the value ${String(value)}`);
}

function parsed(json: string | undefined): Record<string, never> {
  return (json === undefined || json === '' ? {} : JSON.parse(json)) as Record<string, never>;
}

/** A field by its name; fails with the names that there are. */
export function fieldOf(frame: HostFrame, name: string): HostField {
  const found = frame.fields.find((field) => field.name === name);
  if (found === undefined) {
    throw new Error(`no field ${name}; there are: ${frame.fields.map((field) => field.name).join(', ')}`);
  }
  return found;
}
