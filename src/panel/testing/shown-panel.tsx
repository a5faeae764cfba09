import React from 'react';
import { act, render, screen, within } from '@testing-library/react';
import type { DataFrame } from '@grafana/data';
import { KpiPanel } from '../KpiPanel';
import type { SavedOptions } from '../options/complete-options';
import { MINUTE, T0 } from './frames';
import { panelProps, type PanelSetting } from './panel-props';

/** The panel as a test shows it. */

/** When the bridge answered with the fixtures. */
export const ANSWERED = T0 + 5 * MINUTE + 20_000;

/** Each test starts at ANSWERED; pass() moves the time on. */
export function withAnsweredClock(): void {
  beforeEach(() => jest.useFakeTimers({ now: ANSWERED }));
  afterEach(() => jest.useRealTimers());
}

export const pass = (ms: number): void => {
  act(() => {
    jest.advanceTimersByTime(ms);
  });
};

export const show = (frames: DataFrame[], setting?: PanelSetting) =>
  render(<KpiPanel {...panelProps(frames, setting)} />);

export const cards = (options: SavedOptions['cards'] = {}): PanelSetting => ({
  options: { show: 'cards', cards: options },
});

export const card = (name: string) => within(screen.getByRole('article', { name }));
