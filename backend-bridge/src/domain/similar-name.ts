/** Names that may be meant by a misspelt one, for error messages. */

const MOST_EDITS = 3;

/** Edits between two words, of which swapped neighbours are one; 3 for three or more. */
export function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) >= MOST_EDITS) return MOST_EDITS;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? before[j - 2]! + 1 : Infinity;
      next.push(Math.min(change, swap, row[j]! + 1, next[j - 1]! + 1));
    }
    before = row;
    row = next;
  }
  return Math.min(MOST_EDITS, row[b.length]!);
}

const wordsOf = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_');

/** 0: the same words; else the edits, where these are few for the length; 2: one is a word or the beginning of the other. */
function distanceOf(meant: string, other: string): number {
  const [a, b] = [wordsOf(meant), wordsOf(other)];
  const plain = [a.replaceAll('_', ''), b.replaceAll('_', '')] as const;
  const edits = editDistance(...plain);
  const shorter = Math.min(plain[0].length, plain[1].length);
  if (edits <= (shorter > 4 ? 2 : shorter > 2 ? 1 : 0)) return edits;
  const within = (long: string, short: string): boolean =>
    long.startsWith(short) || `_${long}_`.includes(`_${short}_`);
  return shorter > 2 && (within(a, b) || within(b, a)) ? 2 : Infinity;
}

/** The name most like `meant`; `undefined`: none is. */
export function similarName(meant: string, names: readonly string[]): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const name of names) {
    const distance = distanceOf(meant, name);
    if (distance < (best?.distance ?? Infinity)) best = { name, distance };
  }
  return best?.name;
}
