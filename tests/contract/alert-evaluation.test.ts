import { evaluate, type ExpressionModel } from '../support/alerting/expressions';
import { math, variablesOf } from '../support/alerting/math';
import { evaluateRule, type Ask } from '../support/alerting/rule-evaluation';
import { valuesOf, type Labels, type MaybeNumber, type Value } from '../support/alerting/values';
import type { HostFrame } from '../support/plugin-host/host-frame';
import type { AlertRule } from '../support/provisioned';

/** The evaluator of rules, by which the provisioned ones are judged, does what Grafana's expressions do. */

const series = (values: readonly MaybeNumber[], labels: Labels = {}): Value => ({
  kind: 'series',
  labels,
  values,
});
const number = (value: MaybeNumber, labels: Labels = {}): Value => ({ kind: 'number', labels, value });
const none: Value = { kind: 'none' };

const reduced = (values: readonly Value[], reducer: string, settings = {}): readonly Value[] =>
  evaluate({ type: 'reduce', expression: 'A', reducer, settings }, new Map([['A', values]]));

describe('reduce', () => {
  it.each<[string, MaybeNumber, MaybeNumber, MaybeNumber]>([
    // Of 1, 4, 2; of nothing; of 1, null.
    ['sum', 7, 0, Number.NaN],
    ['mean', 7 / 3, Number.NaN, Number.NaN],
    ['min', 1, Number.NaN, Number.NaN],
    ['max', 4, Number.NaN, Number.NaN],
    ['count', 3, 0, 2],
    ['last', 2, Number.NaN, null],
    ['median', 2, Number.NaN, Number.NaN],
  ])('%s', (reducer, full, empty, withNull) => {
    expect(reduced([series([1, 4, 2])], reducer)).toEqual([number(full)]);
    expect(reduced([series([])], reducer)).toEqual([number(empty)]);
    expect(reduced([series([1, null])], reducer)).toEqual([number(withNull)]);
  });

  it('drops what is no number, or puts another in its place', () => {
    const gaps = [series([1, null, Number.NaN, Number.POSITIVE_INFINITY], { a: 'x' })];
    expect(reduced(gaps, 'last', { mode: 'dropNN' })).toEqual([number(1, { a: 'x' })]);
    expect(reduced(gaps, 'sum', { mode: 'replaceNN', replaceWithValue: 5 })).toEqual([
      number(16, { a: 'x' }),
    ]);
    expect(reduced([series([null])], 'last', { mode: 'dropNN' })).toEqual([number(null)]);
    expect(reduced([number(null), number(3)], 'last', { mode: 'dropNN' })).toEqual([number(3)]);
    expect(reduced([none], 'last', { mode: 'dropNN' })).toEqual([none]);
  });
});

describe('threshold', () => {
  it.each<[string, number[], number[]]>([
    ['gt', [2], [0, 0, 1]],
    ['lt', [2], [1, 0, 0]],
    ['gte', [2], [0, 1, 1]],
    ['lte', [2], [1, 1, 0]],
    ['eq', [2], [0, 1, 0]],
    ['ne', [2], [1, 0, 1]],
    ['within_range', [1, 3], [0, 1, 0]],
    ['outside_range', [1, 2], [0, 0, 1]],
  ])('%s %j', (type, params, expected) => {
    const model: ExpressionModel = {
      type: 'threshold',
      expression: 'B',
      conditions: [{ evaluator: { type, params } }],
    };
    const judged = evaluate(model, new Map([['B', [number(1), number(2), number(3), number(null), none]]]));
    expect(judged).toEqual([...expected.map((value) => number(value)), number(null), none]);
  });
});

describe('math', () => {
  const calculated = (expression: string, known: Record<string, readonly Value[]> = {}): readonly Value[] =>
    math(expression, new Map(Object.entries(known)));

  it.each<[string, number]>([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 2 - 3', 5],
    ['-2 * 3', -6],
    ['7 % 4 == 3 && !0', 1],
    ['1 > 2 || 2 >= 2', 1],
    ['1 / 0', Number.POSITIVE_INFINITY],
    ['0 / 0', Number.NaN],
  ])('%s is %d', (expression, value) => {
    expect(calculated(expression)).toEqual([{ kind: 'scalar', value }]);
  });

  it('pairs what has fitting labels', () => {
    const a = [number(10, { s: 'x' }), number(20, { s: 'y' })];
    const b = [number(2, { s: 'y' }), number(5, { s: 'z' })];
    expect(calculated('$A / $B', { A: a, B: b })).toEqual([number(10, { s: 'y' })]);
    expect(calculated('$A - ${B}', { A: a, B: [number(1)] })).toEqual([
      number(9, { s: 'x' }),
      number(19, { s: 'y' }),
    ]);
    expect(calculated('$A + 1', { A: [number(null)] })).toEqual([number(null, {})]);
    expect(calculated('$A + $B', { A: [number(1, { s: 'x' })], B: [number(2, { s: 'y' })] })).toEqual([
      number(3),
    ]);
    expect(calculated('$A + $B', { A: a, B: [none] })).toEqual([none]);
    expect(variablesOf('100 * (1 - ($A - ${Bc}) / $D)')).toEqual(['A', 'Bc', 'D']);
  });

  it.each(['', '1 +', '(1', '1 ? 2', '$'])('refuses %j', (expression) => {
    expect(() => calculated(expression)).toThrow();
  });
});

const frame = (values: readonly MaybeNumber[], labels: Labels = {}, type = 'numeric-multi'): HostFrame => ({
  name: '',
  refId: 'A',
  meta: { type, typeVersion: [0, 1] },
  fields:
    values.length === 0 ? [] : [{ name: 'v', type: 'number', nullable: true, labels, config: {}, values }],
  length: values.length,
});

describe('frames of a rule', () => {
  it('are refused where Grafana could not use them', () => {
    expect(valuesOf([])).toEqual([none]);
    expect(valuesOf([frame([])])).toEqual([none]);
    expect(valuesOf([frame([1], { a: 'x' })])).toEqual([number(1, { a: 'x' })]);
    expect(() => valuesOf([frame([1], {}, 'table')])).toThrow(/table/);
    expect(() => valuesOf([frame([1, 2])])).toThrow(/2 rows/);
    expect(() => valuesOf([frame([1], { a: 'x' }), frame([2], { a: 'x' })])).toThrow(/labels/);
  });
});

describe('a rule', () => {
  const rule = (states: Partial<AlertRule>): AlertRule =>
    ({
      condition: 'C',
      noDataState: 'NoData',
      execErrState: 'Error',
      ...states,
      data: [
        {
          refId: 'C',
          datasourceUid: '__expr__',
          relativeTimeRange: { from: 60, to: 0 },
          model: {
            refId: 'C',
            type: 'threshold',
            expression: 'B',
            conditions: [{ evaluator: { type: 'gt', params: [5] } }],
          },
        },
        {
          refId: 'B',
          datasourceUid: '__expr__',
          relativeTimeRange: { from: 60, to: 0 },
          model: {
            refId: 'B',
            type: 'reduce',
            expression: 'A',
            reducer: 'last',
            settings: { mode: 'dropNN' },
          },
        },
        { refId: 'A', datasourceUid: 'x', relativeTimeRange: { from: 60, to: 10 }, model: { refId: 'A' } },
      ],
    }) as unknown as AlertRule;
  const answering =
    (frames: readonly HostFrame[], error = ''): Ask =>
    async (_query, range) => {
      expect(range).toEqual({ fromMs: 40_000, toMs: 90_000 });
      return { frames, error, status: 200, errorSource: '' };
    };
  const states = async (given: AlertRule, ask: Ask): Promise<string[]> =>
    (await evaluateRule(given, 100_000, ask)).map(({ labels, state }) => `${labels['u'] ?? ''} ${state}`);

  it('has one state an instance, whatever the order of its expressions', async () => {
    const frames = [frame([9], { u: 'a' }), frame([5], { u: 'b' }), frame([null], { u: 'c' })];
    expect(await states(rule({}), answering(frames))).toEqual(['a Alerting', 'b Normal']);
  });

  it('follows noDataState and execErrState', async () => {
    expect(await states(rule({}), answering([frame([])]))).toEqual([' NoData']);
    expect(await states(rule({ noDataState: 'OK' }), answering([]))).toEqual([' Normal']);
    expect(await states(rule({ noDataState: 'Alerting' }), answering([frame([null])]))).toEqual([
      ' Alerting',
    ]);
    expect(await states(rule({}), answering([], 'the bridge does not answer'))).toEqual([' Error']);
    expect(await states(rule({ execErrState: 'Alerting' }), answering([], 'no'))).toEqual([' Alerting']);
  });
});
