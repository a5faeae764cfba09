import { dataFrameFromJSON, type DataFrame, type DataFrameJSON } from '@grafana/data';
import separate from '../../../tests/fixtures/plugin/frames/series-open-separate.json';
import { frameMeta } from '../../frames/frame-meta';
import { seriesFrame } from '../../panel/testing/frames';
import { seriesUpdate } from '../testing/series-updates';
import { pointsOf } from './history-answer';
import { holdsOpenWindows } from './open-windows';
import { LogicalClock, PointStore } from './point-store';
import { SeriesFrames, type FrameStatus } from './series-frames';
import type { Labels } from './series-labels';

const EVERYTHING = { fromMs: 0, toMs: 1_000 };
const frameStatus = (changes: Partial<FrameStatus> = {}): FrameStatus => ({
  head: { watermarkMs: 50, asOfMs: 60 },
  state: { state: 'connected', message: undefined },
  notices: [],
  ...changes,
});

let store: PointStore;
let frames: SeriesFrames;
beforeEach(() => {
  store = new PointStore(new LogicalClock());
  frames = new SeriesFrames({ refId: 'A', metric: 'events' });
});
let revision = 0;
function write(labels: Labels, time: number, value: number, openFromMs: number | null = null): void {
  revision += 1;
  store.apply([seriesUpdate([[time, value, revision]], [], { labels, openFromMs })]);
}
const modelOf = (labels: Labels, config = {}): DataFrame =>
  seriesFrame([1], labels, { kind: 'series', title: 'Events' }, { refId: 'A', config });
const render = (told: FrameStatus = frameStatus(), span = EVERYTHING): DataFrame[] =>
  frames.render(store, span, told);
const namesOf = (drawn: readonly DataFrame[]) =>
  drawn.map(({ fields }) => fields[1]?.config.displayNameFromDS);

describe('a frame', () => {
  test('has the unit of the answers, and the name that the backend would give', () => {
    frames.learn([modelOf({ segment: 'a' }, { unit: 'currencyEUR', displayNameFromDS: 'a' })], true);
    write({ segment: 'a' }, 10, 1);
    write({ segment: 'b' }, 10, 2);
    const drawn = render();
    expect(namesOf(drawn)).toEqual(['a', 'b']);
    expect(drawn.map(({ fields }) => fields[1]?.config.unit)).toEqual(['currencyEUR', 'currencyEUR']);
    expect(drawn.map(({ fields }) => fields[1]?.labels)).toEqual([{ segment: 'a' }, { segment: 'b' }]);
    expect(drawn.map(({ refId }) => refId)).toEqual(['A', 'A']);
  });

  test("of a series that appears live is named by the query's alias", () => {
    frames = new SeriesFrames({ refId: 'A', metric: 'events', alias: '{{segment}} of {{metric}}' });
    frames.learn([modelOf({ segment: 'a' })], true);
    write({ segment: 'new' }, 10, 1);
    expect(namesOf(render())).toEqual(['new of events_per_minute']);
  });

  test('says what is open, and how fresh it is', () => {
    frames.learn([modelOf({ segment: 'a' })], true);
    write({ segment: 'a' }, 40, 1, 40);
    const [drawn] = render(frameStatus({ state: { state: 'reconnecting', message: 'Restarted.' } }));
    expect(frameMeta(drawn!)).toMatchObject({
      kind: 'series',
      state: 'reconnecting',
      state_message: 'Restarted.',
      open_from_ms: 40,
      watermark_ms: 50,
      as_of_ms: 60,
    });
  });

  test('does not pass on what is only for merging, nor a state that is over', () => {
    const model = modelOf({ segment: 'a' });
    const meta = {
      ...frameMeta(model)!,
      revisions: [1],
      removed: [2],
      removed_revisions: [3],
      state_message: 'old',
    };
    frames.learn([{ ...model, meta: { custom: { streamkpi: meta } } }], true);
    write({ segment: 'a' }, 10, 1);
    const said = frameMeta(render()[0]!);
    expect(Object.keys(said ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/revisions|removed|state_message/)]),
    );
  });

  test('holds the span only, its end not included', () => {
    frames.learn([modelOf({})], true);
    for (const time of [10, 20, 30]) write({}, time, time);
    const [drawn] = render(frameStatus(), { fromMs: 20, toMs: 30 });
    expect(drawn?.fields.map(({ values }) => [...(values as number[])])).toEqual([[20], [20]]);
    expect(drawn?.length).toBe(1);
  });
});

describe('frames stay the same objects', () => {
  beforeEach(() => {
    frames.learn([modelOf({ segment: 'a' })], true);
    write({ segment: 'a' }, 10, 1);
    write({ segment: 'b' }, 10, 1);
  });

  test('while nothing changes, so that panels need not draw anew', () => {
    const before = render();
    expect(render(frameStatus({ head: { watermarkMs: 50, asOfMs: 900 } }))).toEqual(before);
    render().forEach((frame, i) => expect(frame).toBe(before[i]));
  });

  test('of the series in which nothing changes', () => {
    const before = render();
    write({ segment: 'b' }, 20, 2);
    const after = render();
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
  });

  test('but not when a point leaves the span', () => {
    write({ segment: 'a' }, 20, 2);
    const before = render();
    expect(render(frameStatus(), { fromMs: 15, toMs: 1_000 })[0]).not.toBe(before[0]);
  });

  test('but not when a window closes, the clock advances, or the connection breaks', () => {
    write({ segment: 'a' }, 10, 2, 10);
    const open = render();
    write({ segment: 'a' }, 10, 3);
    expect(frameMeta(render()[0]!)?.open_from_ms).toBeNull();
    expect(frameMeta(open[0]!)?.open_from_ms).toBe(10);
    expect(frameMeta(render(frameStatus({ head: { watermarkMs: 50, asOfMs: 5_000 } }))[0]!)?.as_of_ms).toBe(
      5_000,
    );
    const lost = render(frameStatus({ state: { state: 'reconnecting', message: 'x' } }));
    expect(frameMeta(lost[1]!)?.state).toBe('reconnecting');
  });

  test('but not when a window is closed without a change of its value', () => {
    write({ segment: 'a' }, 10, 2, 10);
    const open = render();
    store.apply([seriesUpdate([], [], { labels: { segment: 'a' } })]);
    expect(render()[0]).not.toBe(open[0]);
    expect(frameMeta(render()[0]!)?.open_from_ms).toBeNull();
  });

  test('with the points kept where only the clock advances', () => {
    const [before] = render();
    const [after] = render(frameStatus({ head: { watermarkMs: 50, asOfMs: 5_000 } }));
    expect(after).not.toBe(before);
    expect(after?.fields).toBe(before?.fields);
  });
});

describe('the order of the series', () => {
  const order = (drawn: DataFrame[]) =>
    drawn.map(({ fields }) => Object.values(fields[1]?.labels ?? {}).join(' '));

  test('is the one of the backend, with new ones in their places', () => {
    // Listed by country first although its name comes after.
    const listed = [
      { country: 'de', area: 'z' },
      { country: 'fr', area: 'b' },
    ];
    frames.learn(
      listed.map((labels) => modelOf(labels)),
      true,
    );
    write({ country: 'fr', area: 'b' }, 10, 1);
    write({ country: 'de', area: 'z' }, 10, 1);
    write({ country: 'fr', area: 'a' }, 10, 1);
    expect(order(render())).toEqual(['de z', 'fr a', 'fr b']);
  });

  test('that cannot be explained is kept, with new ones after it', () => {
    frames.learn(
      ['b', 'a'].map((segment) => modelOf({ segment })),
      true,
    );
    for (const segment of ['c', 'a', 'b']) write({ segment }, 10, 1);
    expect(order(render())).toEqual(['b', 'a', 'c']);
  });
});

describe('notices', () => {
  const notice = { severity: 'info' as const, text: 'Each point stands for 5 m.' };
  const withNotice = (frame: DataFrame): DataFrame => ({
    ...frame,
    meta: { ...frame.meta, notices: [notice] },
  });

  test('of the answer and of the connection appear once, on the first frame', () => {
    frames.learn([withNotice(modelOf({ segment: 'a' })), modelOf({ segment: 'b' })], true);
    write({ segment: 'a' }, 10, 1);
    write({ segment: 'b' }, 10, 1);
    const told = { severity: 'error' as const, text: 'Not up to date.' };
    const drawn = render(frameStatus({ notices: [told] }));
    expect(drawn.map(({ meta }) => meta?.notices)).toEqual([[notice, told], undefined]);
  });

  test("of another panel's answer are not this panel's", () => {
    frames.learn([withNotice(modelOf({ segment: 'a' }))], false);
    write({ segment: 'a' }, 10, 1);
    expect(render()[0]?.meta?.notices).toBeUndefined();
  });
});

test('without a point in the range there is one frame without fields, which still has the state', () => {
  frames.learn([modelOf({ segment: 'a' })], true);
  const drawn = render();
  expect(drawn).toHaveLength(1);
  expect(drawn[0]).toMatchObject({ refId: 'A', fields: [], length: 0 });
  expect(frameMeta(drawn[0]!)?.state).toBe('connected');
});

describe('open windows as a separate series', () => {
  const firstAnswer = separate.frames.map((frame) => dataFrameFromJSON(frame as unknown as DataFrameJSON));

  beforeEach(() => {
    frames = new SeriesFrames({ refId: 'A', metric: 'events_per_minute', openWindows: 'separate' });
    const ends = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
    frames.learn(firstAnswer, true);
    store.merge(pointsOf(firstAnswer) ?? [], ends, 0);
  });
  const shown = () =>
    frames
      .render(store, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }, frameStatus())
      .map(({ fields, meta }) => ({
        fields: fields.map(({ name, config, labels, values }) => ({ name, config, labels, values })),
        open: (meta?.custom?.['streamkpi'] as { open_windows?: true }).open_windows,
      }));

  test('are drawn as the backend answers them', () => {
    expect(shown()).toEqual(
      firstAnswer.map((frame) => ({
        fields: frame.fields.map(({ name, config, labels, values }) => ({ name, config, labels, values })),
        open: frameMeta(frame)?.open_windows,
      })),
    );
  });

  test('move to the closed ones once they are final, and both live in one store', () => {
    const gold = shown().filter(({ fields }) => fields[1]?.labels?.['segment'] === 'gold');
    expect(gold.map(({ open }) => open)).toEqual([true]);
    const [time = 0] = gold[0]!.fields[0]!.values as number[];
    store.apply([seriesUpdate([[time, 6, 2]], [], { labels: { segment: 'gold' }, openFromMs: null })]);
    const after = shown().filter(({ fields }) => fields[1]?.labels?.['segment'] === 'gold');
    expect(after).toMatchObject([{ fields: [{ values: [time] }, { name: 'Value', values: [6] }] }]);
    expect(after[0]?.fields[1]?.config).toEqual({ displayNameFromDS: 'gold', unit: 'short' });
    expect(after[0]?.open).toBeUndefined();
  });

  test('of a series that appears live have its name and the style of the others', () => {
    store.apply([seriesUpdate([[9, 1, 1]], [], { labels: { segment: 'new' }, openFromMs: 9 })]);
    const appeared = shown().find(({ fields }) => fields[1]?.labels?.['segment'] === 'new');
    const { config } = firstAnswer.find(holdsOpenWindows)!.fields[1]!;
    expect(appeared?.fields[1]?.config).toEqual({ ...config, displayNameFromDS: 'new, open' });
  });
});
