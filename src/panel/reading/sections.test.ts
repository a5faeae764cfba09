import { FieldType, toDataFrame, type DataFrame } from '@grafana/data';
import type { SavedOptions } from '../options/complete-options';
import {
  eventsFrame,
  metaOf,
  optionsOf,
  plainSeries,
  seriesFrame,
  statusFrame,
  summaryFrame,
} from '../testing/frames';
import { sectionFrames, shownSections } from './sections';

const ALL = [summaryFrame([{}]), seriesFrame([1]), eventsFrame([{}]), statusFrame(), plainSeries('x', [1])];
const fedBy = (frames: DataFrame[], saved: SavedOptions = {}) => {
  const fed = sectionFrames(frames, optionsOf(saved));
  const refIds = (list: readonly DataFrame[]) => list.map(({ refId }) => refId).join('');
  return { cards: refIds(fed.cards), alerts: refIds(fed.alerts), status: refIds(fed.status) };
};

test('frames find their part by what they say they are; the rest are cards', () => {
  expect(fedBy(ALL)).toEqual({ cards: 'ABX', alerts: 'C', status: 'D' });
});

test('lost meta: by their columns', () => {
  const bare = ALL.map(({ meta: _lost, ...frame }) => frame);
  expect(fedBy(bare)).toEqual({ cards: 'ABX', alerts: 'C', status: 'D' });
});

test('numbers made of events and of the status are cards', () => {
  const numbers = (kind: 'events' | 'status', refId: string): DataFrame => ({
    ...toDataFrame({ refId, fields: [{ name: 'n', type: FieldType.number, values: [1] }] }),
    meta: { custom: { streamkpi: metaOf({ kind }) } },
  });
  expect(fedBy([numbers('events', 'E'), numbers('status', 'F')])).toEqual({
    cards: 'EF',
    alerts: '',
    status: '',
  });
});

test('a chosen query feeds that part alone, and a part with chosen queries nothing else', () => {
  expect(fedBy(ALL, { alerts: { queries: ['X'] } })).toEqual({ cards: 'AB', alerts: 'X', status: 'D' });
  expect(fedBy(ALL, { cards: { queries: ['A'] } })).toEqual({ cards: 'A', alerts: 'C', status: 'D' });
  expect(fedBy(ALL, { cards: { queries: ['A'] }, alerts: { queries: ['A'] } })).toEqual({
    cards: 'A',
    alerts: 'A',
    status: 'D',
  });
});

describe('which parts show', () => {
  const shown = (frames: DataFrame[], saved: SavedOptions & { show?: never } = {}, show = 'auto') => {
    const options = optionsOf({ ...saved, show: show as never });
    return shownSections(options, frames, sectionFrames(frames, options));
  };

  test('automatically what the queries give', () => {
    expect(shown([summaryFrame([{}])])).toEqual(['connection', 'cards']);
    expect(shown([eventsFrame([])])).toEqual(['connection', 'alerts']);
    expect(shown([plainSeries('x', [1])])).toEqual(['cards']);
    // The status shows the connection itself.
    expect(shown([summaryFrame([{}]), statusFrame()])).toEqual(['cards', 'status']);
    expect(shown([])).toEqual(['cards']);
  });

  test('one part, all of them, or chosen ones', () => {
    expect(shown([], {}, 'alerts')).toEqual(['alerts']);
    expect(shown([], {}, 'dashboard')).toEqual(['connection', 'alerts', 'cards', 'status']);
    expect(shown([], { sections: ['status', 'connection'] }, 'chosen')).toEqual(['connection', 'status']);
  });
});
