import React from 'react';
import { render, screen } from '@testing-library/react';
import { TextField } from './TextField';

/** @grafana/ui counts widths in units of 8 px; a letter is narrower. */
const UNIT_PX = 8;

const widthOf = (placeholder: string, width?: number): number => {
  const size = width === undefined ? {} : { width };
  render(
    <TextField id="x" label="X" value="" placeholder={placeholder} onCommit={() => undefined} {...size} />,
  );
  const boxes: number[] = [];
  for (let node: HTMLElement | null = screen.getByRole('textbox'); node !== null; node = node.parentElement) {
    const { width: found } = getComputedStyle(node);
    if (found.endsWith('px')) boxes.push(parseFloat(found));
  }
  return Math.max(...boxes);
};

test('a field is as wide as it was asked for', () => {
  expect(widthOf('0', 12)).toBe(12 * UNIT_PX);
});

test('a field has room for a placeholder that is longer in another language', () => {
  const placeholder = 'Keiner, oder zum Beispiel 1h';
  expect(widthOf(placeholder, 16)).toBeGreaterThanOrEqual((placeholder.length + 2) * UNIT_PX);
});
