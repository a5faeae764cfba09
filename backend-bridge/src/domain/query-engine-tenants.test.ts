import { at, codeOf, NOW, setup, T0 } from '../../../tests/support/engine-on-memory';
import { DAY, measureOf, MINUTE } from '../../../tests/support/sample-metrics';
import type { Filter } from './selection';

describe('tenants and catalogue', () => {
  const tenant: Filter[] = [{ dimension: 'segment', op: '=', values: ['a'] }];

  test('a tenant sees its own values only, and may not ask for others', async () => {
    const { put, query, engine, plan } = setup();
    put('a', 'x', 0, 1);
    put('b', 'x', 0, 2);
    expect((await query({ groupBy: [] }, tenant)).series[0]!.values).toEqual([1]);
    await expect(
      query({ filters: [{ dimension: 'segment', op: '=', values: ['a', 'b'] }] }, tenant),
    ).rejects.toMatchObject({ code: 'forbidden' });
    expect((await engine.dimensionValues('m', 'segment', {}, tenant)).values).toEqual(['a']);
    expect(plan({}, tenant).key).not.toBe(plan().key);
  });

  test('a metric without the dimension of a tenant is not there', () => {
    const { engine, plan } = setup();
    const other: Filter[] = [{ dimension: 'customer', op: '=', values: ['acme'] }];
    expect(engine.catalogue(other).metrics).toEqual([]);
    expect(codeOf(() => plan({}, other))).toBe('unknown_metric');
    expect(engine.catalogue(tenant).metrics[0]!.stepsMs.slice(0, 3)).toEqual([
      MINUTE,
      2 * MINUTE,
      5 * MINUTE,
    ]);
  });

  test('values of a dimension: only with points in the range, by prefix, up to the limit', async () => {
    const { store, put, engine } = setup();
    ['b1', 'a1', 'a2', 'a3'].forEach((segment, minute) => put(segment, 'x', minute * 90, 1));
    store.remove(['a1', 'x'], at(90));
    const values = (query: object) => engine.dimensionValues('m', 'segment', query, []);
    expect(await values({ prefix: 'a' })).toMatchObject({ values: ['a1', 'a2', 'a3'], truncated: false });
    expect((await values({ fromMs: at(0), toMs: at(181) })).values).toEqual(['a2', 'b1']);
    expect((await values({ fromMs: at(200) })).values).toEqual(['a3']);
    expect(await values({ limit: 1 })).toMatchObject({ values: ['a1'], truncated: true });
    await expect(engine.dimensionValues('m', 'no', {}, [])).rejects.toMatchObject({
      code: 'unknown_dimension',
    });
  });
});

describe('unknown names', () => {
  test('are refused with their codes', () => {
    const { plan, engine } = setup();
    expect(codeOf(() => engine.metric('x'))).toBe('unknown_metric');
    expect(codeOf(() => plan({ measure: 'x' }))).toBe('unknown_measure');
    expect(codeOf(() => plan({ groupBy: ['x'] }))).toBe('unknown_dimension');
    expect(codeOf(() => plan({ filters: [{ dimension: 'x', op: '=', values: [] }] }))).toBe(
      'unknown_dimension',
    );
  });

  test('the key of a plan does not depend on the order of filters and values', () => {
    const { plan } = setup();
    const one: Filter = { dimension: 'segment', op: '=', values: ['a', 'b'] };
    const two: Filter = { dimension: 'site', op: '!=', values: ['x'] };
    const turned: Filter = { ...one, values: ['b', 'a', 'b'] };
    expect(plan({ filters: [one, two] }).key).toBe(plan({ filters: [two, turned, one] }).key);
    expect(plan({ filters: [one] }).key).not.toBe(plan({ filters: [two] }).key);
    expect(plan({ groupBy: ['site', 'segment'] }).key).toBe(plan().key);
    expect(plan({ groupBy: [] }).key).not.toBe(plan().key);
  });

  test('measures need not be declared optional to be absent', async () => {
    const { store, engine } = setup({ measures: [measureOf('value')] });
    store.put(['a', 'x'], T0, T0 + MINUTE, [undefined]);
    expect((await engine.query({ metric: 'm', fromMs: T0, toMs: NOW }, [])).series).toEqual([]);
  });
});

describe('a metric that has reached max_series', () => {
  const refused = NOW - DAY;
  const warning = { code: 'series_over_cap', metric: 'm', max_series: 7 };

  test('says so in every answer, because sums are those of the kept series', async () => {
    const { store, put, query, engine, plan } = setup({ maxSeries: 7 });
    put('a', 'x', 0, 1);
    expect((await query({ groupBy: [] })).warnings).toEqual([]);
    store.progressNow = { ...store.progressNow, seriesRefusedMs: refused + 1 };
    expect((await query({ groupBy: [] })).warnings).toMatchObject([warning]);
    const range = { metric: 'm', fromMs: T0, toMs: NOW };
    expect((await engine.summary(range, [])).warnings).toMatchObject([warning]);
    expect((await engine.snapshot(plan(), T0)).warnings).toMatchObject([warning]);
    const events = setup({ maxSeries: 7, kind: 'event' });
    events.store.progressNow = { ...store.progressNow };
    expect((await events.engine.events(range, [])).warnings).toMatchObject([warning]);
  });

  test('no longer, once what was refused would have expired', async () => {
    const { store, query, metric } = setup({ maxSeries: 7 });
    const last = NOW - metric.retentionMs - metric.window.sizeMs;
    store.progressNow = { ...store.progressNow, seriesRefusedMs: last + 1 };
    expect((await query()).warnings).toHaveLength(1);
    store.progressNow = { ...store.progressNow, seriesRefusedMs: last };
    expect((await query()).warnings).toEqual([]);
  });
});

test('whether patterns are refused does not tell a tenant how many series others have', async () => {
  const { put, query } = setup();
  for (let i = 0; i < 300; i += 1) put(`others-${i}-${'x'.repeat(2_000)}`, 'x', 0, 1);
  put('own', 'x', 0, 7);
  const filters: Filter[] = [{ dimension: 'segment', op: '=~', values: ['(a|b|own){1,150}'] }];
  const own: Filter[] = [{ dimension: 'segment', op: '=', values: ['own'] }];
  const refused = { code: 'invalid_regex', details: { metric: 'm' } };
  await expect(query({ filters })).rejects.toMatchObject(refused);
  await expect(query({ filters })).rejects.not.toThrow(/\d/);
  expect((await query({ filters }, own)).series[0]!.values).toEqual([7]);
});
