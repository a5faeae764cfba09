import type { ScopedVars } from '@grafana/data';
import fc from 'fast-check';
import { InterpolationError, asSaved, escapeRe2, interpolateQuery } from './interpolation';
import type { QueryFilter, StreamKpiQuery } from './query';
import {
  DashboardVariables,
  choice,
  constant,
  textBox,
  type DashboardVariable,
} from './testing/template-variables';

const fill = (
  query: Partial<StreamKpiQuery>,
  variables: DashboardVariable[],
  scopedVars: ScopedVars = {},
): StreamKpiQuery =>
  interpolateQuery({ refId: 'A', ...query }, { templates: new DashboardVariables(variables), scopedVars });
const filters = (
  filter: Partial<QueryFilter>,
  variables: DashboardVariable[],
  scopedVars?: ScopedVars,
): readonly QueryFilter[] | undefined =>
  fill(
    { filters: [{ dimension: 'segment', op: '=', values: ['$segment'], ...filter }] },
    variables,
    scopedVars,
  ).filters;
const values = (...given: Parameters<typeof filters>) => filters(...given)?.map((filter) => filter.values);
const segment = (value: string | string[], rest = {}) =>
  choice('segment', { value, includeAll: true, ...rest });

describe('All', () => {
  test.each(['$segment', '${segment}', '[[segment]]', '${segment.value}'])(
    'adds no filter to a dashboard that was saved with %s',
    (text) => {
      expect(filters({ values: [text] }, [segment(['$__all'])])).toEqual([]);
      expect(filters({ values: [text] }, [segment('$__all')])).toEqual([]);
    },
  );

  test('adds no filter for patterns either', () => {
    expect(filters({ op: '=~' }, [segment(['$__all'])])).toEqual([]);
  });

  test('beside another value still is everything, in a condition that selects', () => {
    expect(filters({ values: ['$segment', 'x'] }, [segment(['$__all'])])).toEqual([]);
  });

  test('beside another value leaves that one out, in a condition that excludes', () => {
    expect(values({ op: '!=', values: ['$segment', 'x'] }, [segment(['$__all'])])).toEqual([['x']]);
    expect(filters({ op: '!=' }, [segment(['$__all'])])).toEqual([]);
  });

  test('with a value of its own is that value', () => {
    expect(values({ op: '=~' }, [segment(['$__all'], { allValue: '.*' })])).toEqual([['.*']]);
  });

  test('within a text is every combination', () => {
    expect(values({ values: ['x-$segment'] }, [segment(['$__all'])])).toEqual([['x-a', 'x-b', 'x-c']]);
  });

  test('in a repeated panel is the value of that panel', () => {
    const scopedVars = { segment: { text: 'b', value: 'b' } };
    expect(values({}, [segment(['$__all'])], scopedVars)).toEqual([['b']]);
    expect(filters({}, [segment('a')], { segment: { text: 'All', value: '$__all' } })).toEqual([]);
  });

  test('is not meant by a value that is called All', () => {
    expect(values({}, [segment('All', { options: ['All', 'b'] })])).toEqual([['All']]);
    expect(values({}, [segment(['All'], { options: ['All', 'b'] })])).toEqual([['All']]);
    expect(values({}, [textBox('segment', 'All')])).toEqual([['All']]);
  });

  test('as a grouping is every series on its own', () => {
    const grouped = fill({ groupBy: ['$dimension'] }, [choice('dimension', { value: ['$__all'] })]);
    expect(grouped).not.toHaveProperty('groupBy');
  });
});

describe('several values', () => {
  test('are all brought by one variable, each once', () => {
    expect(values({ values: ['$segment', 'a'] }, [segment(['b', 'a'])])).toEqual([['b', 'a']]);
  });

  test('of two variables in one text are every combination', () => {
    const variables = [choice('one', { value: ['a', 'b'] }), choice('two', { value: ['x', 'y'] })];
    expect(values({ values: ['${one}/$two'] }, variables)).toEqual([['a/x', 'a/y', 'b/x', 'b/y']]);
  });

  test('keep commas, braces and quotes as they are', () => {
    const odd = ['a,b', '{c}', `d'"e`];
    expect(values({}, [segment(odd, { options: odd })])).toEqual([odd]);
  });

  test('of a grouping are several dimensions', () => {
    expect(fill({ groupBy: ['$by', 'b'] }, [choice('by', { value: ['a', 'b'] })]).groupBy).toEqual([
      'a',
      'b',
    ]);
    expect(fill({ groupBy: [] }, []).groupBy).toEqual([]);
  });

  test('where there can be one only are a sentence that says what to do', () => {
    expect(() => fill({ metric: '$metric' }, [choice('metric', { value: ['a', 'b', 'c'] })])).toThrow(
      new InterpolationError(
        'The metric comes from $metric, which has 3 values selected. Select one, or repeat the panel for each value.',
      ),
    );
    expect(() => fill({ timeShift: '$shift' }, [choice('shift', { value: ['1h', '2h'] })])).toThrow(
      /^The time shift comes from \$shift/,
    );
  });

  test('none of them selected is a missing label', () => {
    expect(values({}, [segment([])])).toEqual([['']]);
  });
});

describe('patterns', () => {
  test('take what a choice brings literally', () => {
    const odd = ['a.b', 'c|d'];
    expect(values({ op: '=~' }, [segment(odd, { options: odd })])).toEqual([['a\\.b', 'c\\|d']]);
    expect(values({ op: '!~' }, [segment('a.b', { options: odd })])).toEqual([['a\\.b']]);
    expect(values({ op: '=' }, [segment(odd, { options: odd })])).toEqual([odd]);
  });

  test('may come from a box that somebody types into, or from a constant', () => {
    expect(values({ op: '=~' }, [textBox('segment', 'prem.*')])).toEqual([['prem.*']]);
    expect(values({ op: '=~' }, [constant('segment', 'a|b')])).toEqual([['a|b']]);
  });

  test('keep their own dollar signs', () => {
    expect(values({ op: '=~', values: ['a$', 'b\\$c'] }, [])).toEqual([['a$', 'b\\$c']]);
  });

  test('that were made from a text hold nothing that is read as a variable', () => {
    const odd = ['$root', 'a$b', '${x.y}', '[[x]]'];
    const [patterns] = values({ op: '=~' }, [segment(odd, { options: odd })]) ?? [];
    expect(patterns).toEqual(['[$]root', 'a[$]b', '[$]\\{x\\.y\\}', '\\[\\[x\\]\\]']);
    expect(
      values(
        { op: '=~', values: patterns! },
        ['root', 'b', 'x'].map((name) => textBox(name, '?')),
      ),
    ).toEqual([patterns]);
  });

  test('that were made from a text match that text and nothing else', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, other) => {
        const pattern = new RegExp(`^(?:${escapeRe2(text)})$`);
        expect(pattern.test(text)).toBe(true);
        expect(pattern.test(other)).toBe(other === text);
      }),
    );
  });
});

describe('one value', () => {
  test('fills in every field that takes one', () => {
    const variables = [textBox('x', 'one'), textBox('limit', '5')];
    const query = { metric: '$x', measure: '${x}', step: '$x', timeShift: '$x', alias: '$x of {{segment}}' };
    expect(fill({ ...query, limit: '$limit' as unknown as number }, variables)).toEqual({
      refId: 'A',
      metric: 'one',
      measure: 'one',
      step: 'one',
      timeShift: 'one',
      alias: 'one of {{segment}}',
      limit: 5,
    });
  });

  test('fills in every choice that the editor offers variables for', () => {
    const fields = ['kind', 'overTime', 'fill', 'openWindows', 'stat', 'eventsAs', 'eventState'] as const;
    const others = ['statusAs', 'statusOver'] as const;
    for (const field of [...fields, ...others]) {
      expect(fill({ [field]: '$x' }, [textBox('x', 'one')])).toEqual({ refId: 'A', [field]: 'one' });
    }
  });

  test('that is empty takes the field out, so that its default holds', () => {
    const query = { measure: '$x', step: '$x', alias: '$x', stat: '$x' as 'last' };
    expect(fill(query, [textBox('x', '')])).toEqual({ refId: 'A' });
  });

  test('or several fill in the severities; All, or none, adds no condition', () => {
    const severities = ['$level'] as unknown as ['info'];
    const level = (value: string[]) => [choice('level', { value, options: ['info', 'critical'] })];
    expect(fill({ severities }, level(['info', 'critical'])).severities).toEqual(['info', 'critical']);
    expect(fill({ severities }, level(['$__all']))).not.toHaveProperty('severities');
    expect(fill({ severities }, level([]))).not.toHaveProperty('severities');
  });

  test('of a filter may be its dimension', () => {
    expect(filters({ dimension: '$by', values: ['v'] }, [textBox('by', 'country')])).toEqual([
      { dimension: 'country', op: '=', values: ['v'] },
    ]);
  });

  test('that is not a limit is refused with a sentence', () => {
    const limit = '$limit' as unknown as number;
    expect(() => fill({ limit }, [textBox('limit', 'many')])).toThrow(
      'The limit is "many". It must be a whole number above zero.',
    );
  });

  test('that looks like a variable is not filled in once more', () => {
    expect(values({}, [textBox('segment', '$other'), textBox('other', 'no')])).toEqual([['$other']]);
  });
});

describe('a variable that there is not', () => {
  test.each<[Partial<StreamKpiQuery>, string]>([
    [{ metric: '$nothing' }, 'The metric holds $nothing'],
    [{ alias: '${nothing:csv} x' }, 'The alias holds ${nothing:csv}'],
    [{ alias: '$known $nothing' }, 'The alias holds $nothing'],
    [{ groupBy: ['[[nothing]]'] }, 'The grouping holds [[nothing]]'],
    [
      { filters: [{ dimension: '$nothing', op: '=', values: [] }] },
      'The dimension of a filter holds $nothing',
    ],
  ])('%j is said in a sentence', (query, begins) => {
    expect(() => fill(query, [textBox('known', 'a')])).toThrow(
      new InterpolationError(
        `${begins}, and there is no variable of that name here. ` +
          'Create the variable in the dashboard, or put the value itself there.',
      ),
    );
  });

  test.each([
    ['$known-$nothing', '$nothing', '[$]nothing'],
    ['a$b', '$b', '[$]b'],
    ['[[x]]', '[[x]]', '\\[\\[x\\]\\]'],
  ])(
    'in a value is said together with how to write a value that is spelled so: %s',
    (text, name, pattern) => {
      expect(() => values({ values: [text] }, [textBox('known', 'a')])).toThrow(
        new InterpolationError(
          `The filter on "segment" holds ${name}, and there is no variable of that name here. ` +
            'Create the variable in the dashboard, or put the value itself there. ' +
            `If the value is really spelled so, use =~ and write ${pattern}.`,
        ),
      );
      expect(values({ op: '=~', values: [pattern] }, [])).toEqual([[pattern]]);
    },
  );
});

describe('a filter as it can be saved', () => {
  test.each<[QueryFilter['op'], string[], QueryFilter['op'], string[]]>([
    ['=', ['a', 'b.c'], '=', ['a', 'b.c']],
    ['=', ['$root', 'b.c'], '=~', ['[$]root', 'b\\.c']],
    ['!=', ['[[x]]'], '!~', ['\\[\\[x\\]\\]']],
    ['=~', ['a|$b'], '=~', ['a|$b']],
  ])('%s %j is %s %j: nothing in it is read as a variable', (op, given, savedOp, saved) => {
    expect(asSaved({ dimension: 'segment', op, values: given })).toEqual({
      dimension: 'segment',
      op: savedOp,
      values: saved,
    });
  });
});

describe('what was written by hand in another form', () => {
  const written = (query: object) => fill(query, [textBox('x', 'one')]);

  test('is read with its variables filled in', () => {
    const former = { filters: [{ key: 'segment', operator: '=|', value: '$x' }], metric_name: 'events' };
    expect(written(former)).toEqual({
      refId: 'A',
      metric: 'events',
      filters: [{ dimension: 'segment', op: '=', values: ['one'] }],
    });
    expect(written({ groupBy: '$x' }).groupBy).toEqual(['one']);
  });

  test('is left to the backend where it is not a query, which reports what is wrong', () => {
    expect(written({ filters: 'segment=a' })).toEqual({ refId: 'A', filters: 'segment=a' });
    expect(written({ filters: [5, null], groupBy: {} })).toEqual({
      refId: 'A',
      filters: [5, null],
      groupBy: {},
    });
  });
});

test('a query without variables stays as it is, and the saved one is never changed', () => {
  const query: StreamKpiQuery = {
    refId: 'A',
    kind: 'series',
    metric: 'events',
    limit: 5,
    filters: [{ dimension: 'segment', op: '=', values: ['a', 'b'] }],
    groupBy: ['segment'],
  };
  const saved = structuredClone(query);
  expect(fill(query, [segment(['$__all'])])).toEqual(saved);
  fill({ ...query, filters: [{ dimension: 'segment', op: '=', values: ['$segment'] }] }, [segment(['a'])]);
  expect(query).toEqual(saved);
});
