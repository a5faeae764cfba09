import { setTimeout as sleep } from 'node:timers/promises';
import { PANELS, startFaultStage, type FaultStage, type Shows } from './rig/fault-stage';
import { readPanels, watchPanels, type WatchedPanel } from './rig/panel-watch';
import { START_MS } from './rig/stage';
import type { View } from './rig/view';

/**
 * Every fault on the way from the browser to the bridge, over every kind of query in every panel, with the dashboard's
 * refresh on and off. While it lasts the last numbers stay, with a sign that says the truth; after it the panels are
 * live again without a hand's move.
 */

interface Fault {
  readonly name: string;
  begin(stage: FaultStage): Promise<void> | void;
  end(stage: FaultStage): Promise<void> | void;
  /** Every sentence said while it lasts; absent: it is over before anything need be said. */
  readonly says?: RegExp;
  /** Queries of this kind have nothing to say. */
  readonly spares?: string;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'browser offline',
    begin: (stage) => stage.setOffline(true),
    end: (stage) => stage.setOffline(false),
    says: /Grafana|live stream has been silent/,
  },
  {
    name: 'Grafana restarted',
    begin: (stage) => stage.stopGrafana(),
    end: (stage) => stage.startGrafana(),
    says: /Grafana|live stream has been silent/,
  },
  // Grafana starts it again by itself.
  { name: 'backend killed', begin: (stage) => stage.host().backend.kill9(), end: () => undefined },
  {
    name: 'bridge stopped',
    begin: (stage) => stage.bridge.stop(),
    end: (stage) => stage.bridge.start(),
    says: /bridge/,
  },
  {
    name: 'token withdrawn',
    begin: (stage) => stage.withdrawToken(true),
    end: (stage) => stage.withdrawToken(false),
    says: /token/,
  },
  {
    name: 'WebSocket blocked',
    begin: (stage) => stage.host().blockLive(true),
    end: (stage) => stage.host().blockLive(false),
    says: /live connection to Grafana|live stream has been silent/,
    // It is asked at fixed times anyway, and stays up to date.
    spares: 'status',
  },
];

/** In whichever state a panel is, it shows one of the numbers that were written. */
const ALWAYS: Readonly<Record<Shows, RegExp>> = {
  value: /\b1[34]\d\b/,
  closed: /\b1[34]\d\b/,
  alert: /\b2[34]\d\b/,
  hops: /\bstore\b|\bStore\b/,
};

/** Never said while there are numbers, or at all. */
const WRONG = /No data|Add a query|All clear|\bNaN\b|undefined|No StreamKPI bridge found|Too many/;

/** Said of a forecast whose series is new, fault or not. */
const LEARNING = /^Learning: /;

/**
 * A condition is given so long on a busy machine. That all retries together, the backend's and then the browser's, take
 * at most 20 s is asserted with fake clocks in pkg/bridge/outages_test.go and src/datasource/live/outages.test.ts.
 */
const PATIENCE_MS = 60_000;

type Problem = (panel: WatchedPanel, index: number) => string | undefined;

describe('the fault matrix', () => {
  let stage: FaultStage;
  const views = (): [string, View][] => Object.entries(stage.views);

  /** Problems of all cells, each with the cell's name. */
  const problems = async (fault: string, problem: Problem): Promise<string[]> => {
    const found = await Promise.all(
      views().map(async ([refresh, { page }]) =>
        (await readPanels(page)).map(({ signs, ...panel }, index) => {
          const what = problem({ ...panel, signs: signs.filter((sign) => !LEARNING.test(sign)) }, index);
          return what === undefined ? [] : [`${fault}, ${refresh}, ${panel.title}: ${what}`];
        }),
      ),
    );
    return found.flat(2);
  };
  const settled = async (fault: string, problem: Problem): Promise<string[]> => {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const left = await problems(fault, problem);
      if (left.length === 0 || Date.now() >= end) return left;
      await sleep(200);
    }
  };

  /** Live, with what is written from now on, and nothing that says otherwise. */
  const live = (fault: string): Promise<string[]> => {
    const { value, alert } = stage.feed();
    return settled(fault, ({ text, signs, states }, index) => {
      const { shows, query } = PANELS[index]!;
      const wanted = { value: String(value), closed: '1', alert: String(alert), hops: 'tore' }[shows];
      if (!text.includes(wanted)) return `does not show ${wanted}: ${text}`;
      if (signs.length > 0) return `still says ${signs.join(' ')}`;
      const state = query['kind'] === 'status' ? 'polling' : 'connected';
      return states.every((one) => one === state) ? undefined : `is ${states.join()}, not ${state}`;
    });
  };

  beforeAll(async () => {
    stage = await startFaultStage();
    const watch = async (): Promise<void> => {
      const watched = PANELS.map(({ title, shows }) => ({ title, always: ALWAYS[shows] }));
      for (const [, { page }] of views()) await watchPanels(page, watched);
    };
    await watch();
    expect(await live('before any fault')).toEqual([]);
    // What was missing before the first answers is forgotten.
    await watch();
  }, START_MS);
  afterAll(() => stage.close());

  test.each(FAULTS)(
    '$name: the last numbers stay with a sign, and are live again after it',
    async ({ name, begin, end, says, spares }) => {
      await begin(stage);
      const speaks = (index: number): boolean =>
        says !== undefined && PANELS[index]?.query['kind'] !== spares;
      const unsaid = await settled(name, ({ signs }, index) =>
        speaks(index) && signs.length === 0 ? 'gives no sign' : undefined,
      );
      const wrong = await problems(name, ({ signs, text, lost }, index) => {
        const untrue = says === undefined ? [] : signs.filter((sign) => !says.test(sign) || WRONG.test(sign));
        if (untrue.length > 0) return `says ${untrue.join(' ')}`;
        if (signs.length > 0 && says !== undefined && !speaks(index)) return `says ${signs.join(' ')}`;
        if (WRONG.test(text)) return `shows ${text}`;
        return lost.length > 0 ? `has shown ${lost.join(' / ')}` : undefined;
      });
      await end(stage);
      const notLive = await live(name);
      const blanked = await problems(name, ({ lost }) =>
        lost.length > 0 ? `has shown ${lost.join(' / ')}` : undefined,
      );
      expect([...unsaid, ...wrong, ...notLive, ...blanked]).toEqual([]);
    },
    2 * PATIENCE_MS + 30_000,
  );
});
