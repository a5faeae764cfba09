import { colorManipulator } from '@grafana/data';

/** WCAG AA for text of any size. */
const ENOUGH = 4.5;
const known = new Map<string, string>();
const MOST_KNOWN = 500;

/**
 * A colour that can be read on a background: the given one, or the nearest darker or lighter one of its hue that has
 * enough contrast. Text that is not a valid colour is returned unchanged.
 */
export function readableColor(color: string, background: string): string {
  const key = `${color}|${background}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= MOST_KNOWN) known.clear();
  const readable = withContrast(color, background);
  known.set(key, readable);
  return readable;
}

function withContrast(color: string, background: string): string {
  try {
    const { getContrastRatio, getLuminance, darken, lighten } = colorManipulator;
    const towards = getLuminance(background) > 0.4 ? darken : lighten;
    let candidate = color;
    for (let step = 1; step <= 20 && getContrastRatio(candidate, background) < ENOUGH; step++) {
      candidate = towards(color, step * 0.05);
    }
    return candidate;
  } catch {
    return color;
  }
}

/** Black or white, whichever reads better on a colour; undefined for an invalid colour. */
export function textOn(color: string): string | undefined {
  try {
    const { getContrastRatio } = colorManipulator;
    return getContrastRatio('#ffffff', color) >= getContrastRatio('#000000', color) ? '#ffffff' : '#000000';
  } catch {
    return undefined;
  }
}
