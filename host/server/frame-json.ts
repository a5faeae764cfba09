import type { HostField, HostFrame, HostValue } from '../../tests/support/plugin-host/host-frame';

interface Entities {
  NaN?: number[];
  Inf?: number[];
  NegInf?: number[];
}

const FRAME_TYPES = { time: 'time.Time', number: 'float64', string: 'string', boolean: 'bool' } as const;

/** Numbers that JSON has no word for travel beside the values, by their rows. */
function entitiesOf(values: readonly HostValue[]): Entities | null {
  const found: Entities = {};
  values.forEach((value, row) => {
    if (typeof value !== 'number' || Number.isFinite(value)) return;
    const kind = Number.isNaN(value) ? 'NaN' : value > 0 ? 'Inf' : 'NegInf';
    (found[kind] ??= []).push(row);
  });
  return Object.keys(found).length === 0 ? null : found;
}

const schemaOf = ({ name, type, nullable, labels, config }: HostField): object => ({
  name,
  type,
  typeInfo: { frame: FRAME_TYPES[type], nullable },
  ...(Object.keys(labels).length === 0 ? {} : { labels }),
  ...(Object.keys(config).length === 0 ? {} : { config }),
});

/** A frame as Grafana's server sends it to pages. */
export function frameJson({ name, refId, meta, fields }: HostFrame): object {
  const entities = fields.map(({ values }) => entitiesOf(values));
  return {
    schema: {
      ...(name === '' ? {} : { name }),
      refId,
      ...(Object.keys(meta).length === 0 ? {} : { meta }),
      fields: fields.map(schemaOf),
    },
    data: {
      values: fields.map(({ values }) => values),
      ...(entities.some((one) => one !== null) ? { entities } : {}),
    },
  };
}
