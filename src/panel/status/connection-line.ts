/** How the header uses its rectangle; px. */
export interface ConnectionLine {
  readonly size: number;
  /** Where the reason goes: beside the state, on lines of its own, or only into its title. */
  readonly reason: 'beside' | 'below' | 'none';
  readonly reasonSize: number;
  readonly reasonLines: number;
  /** Without the state's word. */
  readonly compact: boolean;
  readonly age: boolean;
  readonly clock: boolean;
}

const SMALLEST = 12;
const LARGEST = 36;
const LINE = 1.4;
const BESIDE_EMS = 40;
const MOST_LINES = 3;

/** Its size is the same whether there is something to say of the state or not, so that nothing jumps when there is. */
export function connectionLine(width: number, height: number, hasReason: boolean): ConnectionLine {
  const isHigh = height >= 2 * SMALLEST * LINE && width >= 12 * SMALLEST;
  const byHeight = height * (isHigh ? 0.34 : 0.42);
  const size = Math.max(SMALLEST, Math.min(LARGEST, Math.round(Math.min(byHeight, width * 0.035))));
  const ems = width / size;
  const reasonSize = Math.max(SMALLEST, Math.round(size * 0.65));
  const lines = Math.floor((height - size * LINE) / (reasonSize * LINE));
  const isBeside = hasReason && ems >= BESIDE_EMS;
  const isBelow = hasReason && !isBeside && isHigh && lines >= 1;
  return {
    size,
    reason: isBeside ? 'beside' : isBelow ? 'below' : 'none',
    reasonSize,
    reasonLines: Math.min(MOST_LINES, lines),
    compact: ems < 9,
    age: ems >= (isBeside ? 70 : 32),
    clock: ems >= (isBeside ? 50 : 20),
  };
}
