import { inspected, outcomes } from '../support/inspection/compared-points';
import { json, MINUTE, rows, START } from '../support/inspection/sampled-rows';

/** Names that YAML, paths or JavaScript have a meaning for: what inspect proposes is a mapping that reads them. */

// prettier-ignore
const NAMES = [
  'a.b', 'price[usd]', '$', '$.x', '/x/y', 'a/b', '..', '.a', 'a.', "it's", 'say "x"', 'nl\nname', '#hash', 'a: b',
  '- x', '&anchor', '*alias', '!tag', '{x', ']', ',', 'null', 'true', '~', '<<', '?', '%', '@at', '`tick', '|', '>',
  'constructor', 'toString', 'length', '', ' ', ' lead', '日本', '\u2028', '\u0085', '0', '1e5', 'a\\b', 'a\u0000b',
];

const sampled = (label: string, measure: string, within: string | null) =>
  rows(8, (shop, i) => {
    const start = START + i * MINUTE;
    const row = { window_start: start, window_end: start + MINUTE, [label]: shop, [measure]: i + 0.5 };
    return { key: null, value: json(within === null ? row : { [within]: row }), ts: start };
  });

it.each(NAMES)('%j as a label, as a measure and around both', (name) => {
  for (const records of [
    sampled(name, 'orders', null),
    sampled('shop', name, null),
    sampled('shop', 'orders', name),
  ]) {
    const { mapping } = inspected('odd', records);
    expect(mapping.dimensions).toHaveLength(1);
    const points = outcomes(mapping, records);
    expect(points.filter((point) => typeof point === 'string')).toEqual([]);
    expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(records.length);
  }
});
