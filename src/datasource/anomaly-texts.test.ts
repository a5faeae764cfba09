import { dataFrameFromJSON, type DataFrame, type DataFrameJSON } from '@grafana/data';
import events from '../../tests/fixtures/plugin/frames/events-table.json';
import anomalies from '../../tests/fixtures/plugin/frames/forecast-anomalies.json';
import { withAnomalyTexts } from './anomaly-texts';

const framesOf = (fixture: { readonly frames: unknown }): DataFrame[] =>
  (fixture.frames as DataFrameJSON[]).map((json) => dataFrameFromJSON(json));
const column = (frame: DataFrame | undefined, name: string): unknown[] =>
  frame?.fields.find((field) => field.name === name)?.values ?? [];
const withText = (frame: DataFrame, text: string): DataFrame => ({
  ...frame,
  fields: frame.fields.map((field) =>
    field.name === 'text' ? { ...field, values: field.values.map(() => text) } : field,
  ),
});

test("an anomaly's sentence is made of its numbers, and in English is the backend's", () => {
  const [sent] = framesOf(anomalies);
  const { data } = withAnomalyTexts({ data: [withText(sent!, 'in the language of the backend')] });
  expect(column(data[0] as DataFrame, 'text')).toEqual(column(sent, 'text'));
  expect(column(sent, 'text')[0]).toMatch(/^Higher than expected: 530, where 304 \(283 to 323\)/);
});

test('other frames are left as they are', () => {
  const response = { data: framesOf(events) };
  expect(withAnomalyTexts(response)).toBe(response);
});
