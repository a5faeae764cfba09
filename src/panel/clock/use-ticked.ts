import { createContext, useCallback, useContext, useSyncExternalStore } from 'react';
import { onTick, tickedNow } from './ticker';

/** The bridge's clock minus the browser's, in ms; 0 where they agree or nothing is known. */
export const ClockOffset = createContext(0);

/**
 * What becomes of the bridge's clock, again at every tick; the component renders again only when that changes.
 *
 * @param select - pure; gets the bridge's clock, epoch ms
 */
export function useTicked<T extends string | number | boolean | null>(select: (now: number) => T): T {
  const offset = useContext(ClockOffset);
  const read = useCallback(() => select(tickedNow() + offset), [select, offset]);
  return useSyncExternalStore(onTick, read, read);
}

/** Whether the bridge's clock has passed a moment; null: never. */
export function usePassed(moment: number | null): boolean {
  return useTicked(useCallback((now: number) => moment !== null && now > moment, [moment]));
}
