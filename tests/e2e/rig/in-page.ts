/** What tests read in the page itself; each function is sent there as text, so it uses nothing but its arguments. */

/**
 * Texts of panels that a box cuts off without saying so by an ellipsis, which those of a row of boxes never have.
 * `within`: a selector of the contents of some panels; without it those of all.
 */
export function clippedTexts(within?: unknown): string[] {
  const found: string[] = [];
  const panels = typeof within === 'string' ? within : '[data-testid="data-testid panel content"]';
  for (const element of document.querySelectorAll(`:is(${panels}) *`)) {
    const { overflowX, overflowY, textOverflow, position, display, fontSize, webkitLineClamp } =
      getComputedStyle(element);
    const isRow = /flex|grid/.test(display);
    const own =
      isRow ||
      [...element.childNodes].some(
        (node) => node.nodeType === Node.TEXT_NODE && (node.textContent ?? '').trim() !== '',
      );
    // A box of one pixel, or one that is positioned away, is for screen readers.
    const seen = element.clientWidth > 1 && position !== 'absolute';
    const cutsRight = overflowX === 'hidden' && (isRow || textOverflow !== 'ellipsis');
    const cutsBelow = overflowY === 'hidden' && webkitLineClamp === 'none';
    const isCut =
      (cutsRight && element.scrollWidth > element.clientWidth + 1) ||
      // A font's own line is a little higher than one that is set tightly; its letters are not.
      (cutsBelow && element.scrollHeight > element.clientHeight + Math.max(3, 0.15 * parseFloat(fontSize)));
    if (own && seen && isCut) found.push(element.textContent.trim());
  }
  return found;
}

/** Texts of panels, their titles included, that an ellipsis cuts off, and columns that the panel's edge does. */
export function shortenedTexts(): string[] {
  const found: string[] = [];
  for (const panel of document.querySelectorAll('section[data-testid^="data-testid Panel header"]')) {
    const { right } = panel.getBoundingClientRect();
    for (const column of panel.querySelectorAll('[role="columnheader"], th')) {
      if (column.getBoundingClientRect().right > right) found.push(column.textContent.trim());
    }
  }
  for (const element of document.querySelectorAll('section[data-testid^="data-testid Panel header"] *')) {
    const { textOverflow, overflowX } = getComputedStyle(element);
    if (textOverflow !== 'ellipsis' || overflowX === 'visible') continue;
    if (element.clientWidth > 1 && element.scrollWidth > element.clientWidth + 1)
      found.push(element.textContent.trim());
  }
  return found;
}

/** Values of cards that are cut by an ellipsis although they are numbers: `20…` is no number. */
export const cutNumbers = (): string[] =>
  [...document.querySelectorAll('[data-testid="streamkpi-value"]')]
    .filter((value) => /\d/.test(value.textContent) && value.scrollWidth > value.clientWidth + 1)
    .map((value) => value.textContent);

/** Parts inside of what a selector finds that move by themselves, or would when they change. */
export function movingParts(within: string): string[] {
  const found: string[] = [];
  for (const element of document.querySelectorAll(`:is(${within}) *`)) {
    const { animationName, animationDuration, transitionDuration } = getComputedStyle(element);
    const lasts = (durations: string): boolean => durations.split(',').some((text) => parseFloat(text) > 0);
    if ((animationName !== 'none' && lasts(animationDuration)) || lasts(transitionDuration)) {
      found.push(`${element.tagName} ${element.getAttribute('aria-label') ?? element.textContent}`.trim());
    }
  }
  return found;
}

/** Pixels that panels stick out of the window to the right. */
export const overhang = (): number => {
  const panels = [...document.querySelectorAll('section[data-testid^="data-testid Panel header"]')];
  const right = Math.max(0, ...panels.map((panel) => panel.getBoundingClientRect().right));
  return Math.max(0, right - document.documentElement.clientWidth);
};

interface GrafanaData {
  createTheme(): unknown;
  getDisplayProcessor(options: object): (value: unknown) => object;
  formattedValueToString(value: object): string;
}

/** Numbers as this page's own Grafana writes them in a unit: what it shares with plugins is what is asked. */
export function asWritten(asked: { readonly unit: string; readonly numbers: readonly unknown[] }): string[] {
  const { System } = window as unknown as { readonly System: { get(id: string): GrafanaData } };
  const { createTheme, getDisplayProcessor, formattedValueToString } = System.get('package:@grafana/data');
  const field = { type: 'number', config: { unit: asked.unit } };
  const display = getDisplayProcessor({ field, theme: createTheme() });
  return asked.numbers.map((number) => formattedValueToString(display(number)));
}
