import type { DataFrame, DataQueryResponse } from '@grafana/data';
import { frameMeta } from '../frames/frame-meta';
import { formatShort, t } from '../locales/translate';

/** What the backend's sentence of an anomaly is made of (pkg/frames/anomalies.go). */
const NUMBERS = ['value', 'expected', 'lower', 'upper'] as const;

/** The same answer with the sentences of anomalies in the user's language, their numbers as it writes them. */
export function withAnomalyTexts(response: DataQueryResponse): DataQueryResponse {
  const frames = response.data as DataFrame[];
  if (!frames.some(({ fields }) => fields.some(({ name }) => name === 'expected'))) return response;
  return { ...response, data: frames.map(withTexts) };
}

function withTexts(frame: DataFrame): DataFrame {
  if (frameMeta(frame)?.kind !== 'forecast') return frame;
  const columns = NUMBERS.map((name) => frame.fields.find((field) => field.name === name)?.values);
  const textOf = (row: number): string | undefined => {
    const [value, expected, lower, upper] = columns.map((values) => values?.[row] as unknown);
    if (typeof value !== 'number' || typeof expected !== 'number') return undefined;
    const numbers = {
      value: formatShort(value),
      expected: formatShort(expected),
      lower: typeof lower === 'number' ? formatShort(lower) : '–',
      upper: typeof upper === 'number' ? formatShort(upper) : '–',
    };
    return value > expected
      ? t(
          'anomaly.higher',
          'Higher than expected: {{value}}, where {{expected}} ({{lower}} to {{upper}}) was expected',
          numbers,
        )
      : t(
          'anomaly.lower',
          'Lower than expected: {{value}}, where {{expected}} ({{lower}} to {{upper}}) was expected',
          numbers,
        );
  };
  return {
    ...frame,
    fields: frame.fields.map((field) =>
      field.name === 'text'
        ? { ...field, values: field.values.map((text: string, row) => textOf(row) ?? text) }
        : field,
    ),
  };
}
