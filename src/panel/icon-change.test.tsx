import React from 'react';
import { render, screen } from '@testing-library/react';
import type { ConnectionState } from '../frames/frame-meta';
import { KpiPanel } from './KpiPanel';
import { eventsFrame, metaOf, STATUS, statusFrame, summaryFrame } from './testing/frames';
import { panelProps } from './testing/panel-props';
import { Hint } from './states/Hint';

/** Pictures that are never done loading: @grafana/ui's icon then holds on to the second name it was given. */
jest.mock('react-inlinesvg', () => ({
  __esModule: true,
  default: ({ 'data-testid': name }: { readonly 'data-testid': string }) => <svg data-testid={name} />,
}));

/** Names of the icons that are seen in each of these, rendered one after the other in the same place. */
function iconsOf(places: readonly React.ReactElement[]): string[][] {
  const [first, ...others] = places;
  const { rerender } = render(first);
  const seen = () =>
    screen.queryAllByTestId(/^icon-/).map(({ dataset }) => (dataset['testid'] ?? '').replace('icon-', ''));
  return [
    seen(),
    ...others.map((place) => {
      rerender(place);
      return seen();
    }),
  ];
}

test("the connection's icon is that of its state", () => {
  const header = (state: ConnectionState) => (
    <KpiPanel
      {...panelProps(
        [summaryFrame([{}], metaOf({ state, as_of_ms: Date.now(), watermark_ms: Date.now() }))],
        {
          options: { show: 'connection' },
        },
      )}
    />
  );
  expect(iconsOf([header('connected'), header('reconnecting'), header('disconnected')])).toEqual([
    ['check-circle'],
    ['sync'],
    ['times-circle'],
  ]);
});

test("a hop's icon is that of its state", () => {
  const hop = (state: 'ok' | 'failing') => (
    <KpiPanel
      {...panelProps([statusFrame({ ...STATUS, store: { kind: 'redis', state, message: null } })], {
        options: { show: 'status' },
      })}
    />
  );
  const hops = iconsOf([hop('ok'), hop('failing'), hop('ok')]).map((names) => names.at(-2));
  expect(hops).toEqual(['check-circle', 'times-circle', 'check-circle']);
});

test("an alert's icon follows its severity, in a row and in a cell", () => {
  const alert = (severity: string, height: number) => (
    <KpiPanel
      {...panelProps([eventsFrame([{ severity }])], { options: { show: 'alerts' }, width: 170, height })}
    />
  );
  const severities = ['info', 'critical', 'warning'];
  const icons = ['info-circle', 'exclamation-circle', 'exclamation-triangle'];
  expect(iconsOf(severities.map((severity) => alert(severity, 40))).map(([first]) => first)).toEqual(icons);
  document.body.replaceChildren();
  expect(
    iconsOf(severities.map((severity) => alert(severity, 300))).map((names) =>
      names.find((name) => name !== 'bell'),
    ),
  ).toEqual(icons);
});

test("a hint's icon is its own", () => {
  const size = { width: 300, height: 200, text: '' };
  expect(
    iconsOf([
      <Hint key="same" {...size} icon="hourglass" title="Loading" />,
      <Hint key="same" {...size} icon="exclamation-triangle" title="Query failed" />,
      <Hint key="same" {...size} icon="check-circle" title="All clear" />,
    ]),
  ).toEqual([['hourglass'], ['exclamation-triangle'], ['check-circle']]);
});
