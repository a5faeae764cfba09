import { FieldType, toDataFrame, type DataFrame } from '@grafana/data';
import { cardOf, cardsOf, statTexts } from '../testing/cards-of';
import { metaOf, MINUTE, plainSeries, seriesFrame, summaryFrame, T0 } from '../testing/frames';

describe('a series beside a summary', () => {
  test('is its sparkline, label set by label set, and no card of its own', () => {
    const cards = cardsOf([
      seriesFrame([1, 2, 3], { segment: 'silver' }),
      seriesFrame([4, 5, 6], { segment: 'gold' }),
      summaryFrame([{ segment: 'gold' }, { segment: 'silver' }, { segment: '' }]),
      seriesFrame([7, 8, 9]),
    ]);
    expect(cards.map(({ title, trend }) => [title, trend?.values])).toEqual([
      ['gold', [4, 5, 6]],
      ['silver', [1, 2, 3]],
      ['(none)', [7, 8, 9]],
    ]);
  });

  test('of another measure or metric stays a card', () => {
    const cards = cardsOf([
      summaryFrame([{}]),
      seriesFrame([1, 2, 3], {}, { measure: 'transaction_count', measure_title: 'Transactions' }),
      seriesFrame([1, 2, 3], {}, { metric: 'revenue_per_minute', title: 'Revenue per minute' }),
    ]);
    expect(cards).toHaveLength(3);
    expect(cards[0]?.trend).toBeNull();
    expect(cards.map(({ title, subtitle }) => [title, subtitle])).toEqual([
      ['Events per minute', ''],
      ['Events per minute: Transactions', ''],
      ['Revenue per minute', ''],
    ]);
  });

  test('without any point leaves no second card', () => {
    const empty: DataFrame = {
      refId: 'B',
      fields: [],
      length: 0,
      meta: { custom: { streamkpi: metaOf({ kind: 'series' }) } },
    };
    expect(cardsOf([summaryFrame([{ segment: 'gold' }]), empty])).toHaveLength(1);
    expect(cardsOf([empty])).toMatchObject([{ title: 'Events per minute', value: { numeric: null } }]);
  });

  test('the switch leaves the sparkline out', () => {
    expect(cardOf([summaryFrame([{}]), seriesFrame([1, 2])], { sparkline: false }).trend).toBeNull();
  });
});

describe('from series of this data source', () => {
  test('numbers of the closed windows; the open one is left out', () => {
    const card = cardOf([seriesFrame([10, 20, 30, 99], {}, { open_from_ms: T0 + 3 * MINUTE })]);
    expect(card.value.text).toBe('30');
    expect(card.open).toBe(false);
    expect(statTexts(card)).toEqual([
      ['min', '10'],
      ['max', '30'],
      ['avg', '20'],
    ]);
    expect(card.delta).toMatchObject({ percent: '+50%', versus: 'previous window' });
    expect(card.updated).toEqual({ at: T0 + 3 * MINUTE, says: 'Window ended' });
    expect(card.trend?.openFrom).toBe(T0 + 3 * MINUTE);
    expect(card.note).toBeNull();
  });

  test('the only window there is shows although it is open, and says so', () => {
    const card = cardOf([seriesFrame([5], {}, { open_from_ms: T0, watermark_ms: T0 + 30_000 })]);
    expect(card).toMatchObject({ value: { numeric: 5 }, open: true });
    expect(card.updated).toEqual({ at: T0 + 30_000, says: 'Data until' });
  });

  test('a missing window before the last one is no comparison', () => {
    expect(cardOf([seriesFrame([10, null, 30], {}, { open_from_ms: null })]).delta).toBeNull();
  });

  test('points coarser than the windows say so', () => {
    const coarse = seriesFrame(
      [10, 20],
      {},
      { step_ms: 5 * MINUTE, open_from_ms: null },
      { step: 5 * MINUTE },
    );
    expect(cardOf([coarse]).note).toContain('cover 5 min');
    expect(cardOf([coarse]).delta?.versus).toBe('previous point');
  });

  test('a name that somebody gave is the title', () => {
    const named = (displayNameFromDS: string) =>
      cardsOf([seriesFrame([1, 2], { segment: 'gold' }, {}, { config: { displayNameFromDS } })]);
    expect(named('Gold events')[0]).toMatchObject({ title: 'Gold events', subtitle: '' });
    expect(named('gold')[0]).toMatchObject({ title: 'Events per minute', subtitle: 'gold' });
    expect(named('Value')[0]).toMatchObject({ title: 'Events per minute', subtitle: 'gold' });
    const unlabelled = { config: { displayNameFromDS: '(none)' } };
    expect(cardOf([seriesFrame([1, 2], { segment: '' }, {}, unlabelled)]).subtitle).toBe('(none)');
  });
});

describe('from other sources', () => {
  test('a series over time: last number, range, sparkline, change', () => {
    const card = cardOf([plainSeries('CPU', [1, null, 3, null])]);
    expect(card).toMatchObject({ title: 'CPU', value: { numeric: 3 }, staleFrom: null, open: false });
    expect(card.delta).toMatchObject({ percent: '+200%', versus: 'previous point' });
    expect(card.updated).toEqual({ at: T0 + 2000, says: 'Point' });
    expect(card.trend?.values).toEqual([1, null, 3, null]);
    expect(statTexts(card)).toEqual([
      ['min', '1'],
      ['max', '3'],
      ['avg', '2'],
    ]);
  });

  test('a wide frame is one card a column', () => {
    const wide = toDataFrame({
      fields: [
        { name: 'time', type: FieldType.time, values: [T0, T0 + 1000] },
        { name: 'cpu', type: FieldType.number, values: [1, 2] },
        { name: 'memory', type: FieldType.number, values: [3, 4] },
        {
          name: 'hidden',
          type: FieldType.number,
          values: [5, 6],
          config: { custom: { hideFrom: { viz: true } } },
        },
      ],
    });
    expect(cardsOf([wide]).map(({ title, value }) => [title, value.text])).toEqual([
      ['cpu', '2'],
      ['memory', '4'],
    ]);
  });

  test('an instant vector has a value and no range', () => {
    const instant = plainSeries('up', [0], { labels: { job: 'api' } });
    expect(cardOf([instant])).toMatchObject({
      value: { numeric: 0, text: '0' },
      stats: [],
      trend: null,
      delta: null,
    });
  });

  const table = toDataFrame({
    fields: [
      { name: 'region', type: FieldType.string, values: ['eu', 'us'] },
      { name: 'orders', type: FieldType.number, values: [10, 20] },
      { name: 'errors', type: FieldType.number, values: [0, 1] },
    ],
  });

  test('a table that lists things is one card a row and column', () => {
    expect(cardsOf([table]).map(({ title, subtitle, value }) => [title, subtitle, value.text])).toEqual([
      ['eu', 'orders', '10'],
      ['eu', 'errors', '0'],
      ['us', 'orders', '20'],
      ['us', 'errors', '1'],
    ]);
  });

  test('or one a column, on request', () => {
    expect(cardsOf([table], { tables: 'reduce' }).map(({ title, value }) => [title, value.text])).toEqual([
      ['orders', '20'],
      ['errors', '1'],
    ]);
  });

  test('numbers that are none', () => {
    expect(cardOf([plainSeries('x', [NaN, null])]).value).toMatchObject({ numeric: null, text: 'No data' });
    expect(cardsOf([toDataFrame({ fields: [] })])).toEqual([]);
  });

  test('one number of this data source (a statistic, a count of events) is a card', () => {
    const count = toDataFrame({
      refId: 'C',
      fields: [{ name: 'count', type: FieldType.number, values: [4] }],
    });
    count.meta = {
      custom: {
        streamkpi: metaOf({ kind: 'events', metric: 'high_activity_alert', title: 'High activity' }),
      },
    };
    expect(cardOf([count])).toMatchObject({ title: 'High activity', value: { numeric: 4 } });
  });
});
