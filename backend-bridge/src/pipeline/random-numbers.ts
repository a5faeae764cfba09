/** Reproducible random numbers: the same seeds give the same sequence on every machine. */

/** Mixes integers of any size into 32 well-spread bits. */
function mix(numbers: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const number of numbers) {
    for (const part of [number % 0x100000000, Math.floor(number / 0x100000000)]) {
      hash = Math.imul(hash ^ part, 0x85ebca6b);
      hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
      hash ^= hash >>> 16;
    }
  }
  return hash;
}

export class RandomNumbers {
  private state: number;

  /** Each list of seeds is a sequence of its own. */
  constructor(...seeds: readonly number[]) {
    this.state = mix(seeds);
  }

  /** In [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), bits | 61)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 0x100000000;
  }

  /** An integer in [from, to]. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Normally distributed, mean 0, deviation 1. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.next() * choices.length)]!;
  }
}
