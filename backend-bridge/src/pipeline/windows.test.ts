import { WindowedAggregation } from './windows';

const MINUTE = 60_000;

/** Sizes of an aggregation's collections. */
function held(aggregation: WindowedAggregation): number {
  let size = 0;
  for (const field of Object.values(aggregation) as unknown[]) {
    if (field instanceof Map || field instanceof Set) size += field.size;
    else if (Array.isArray(field)) size += field.length;
  }
  return size;
}

describe('a windowed aggregation', () => {
  it('keeps nothing of windows that have closed', () => {
    const aggregation = new WindowedAggregation({ sizeMs: MINUTE, graceMs: 0 });
    for (let minute = 0; minute < 1_000; minute += 1) {
      aggregation.count(minute * MINUTE, 'eu');
      aggregation.takeChanged();
    }
    expect(held(aggregation)).toBe(1);
    expect(aggregation.entries).toBe(1);
  });
});
