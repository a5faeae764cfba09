import { createContext, useCallback, useContext, useSyncExternalStore } from 'react';
import { onTick, tickedNow, wasAway } from './ticker';

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

/**
 * Whether data due at a time of the bridge's clock is overdue; null: never due. A hidden page sends no queries, so data
 * that became due meanwhile gets a grace period.
 */
export function useOverdue(moment: number | null): boolean {
  const offset = useContext(ClockOffset);
  return useTicked(
    useCallback(
      (now: number) => moment !== null && now > moment && !wasAway(moment - offset),
      [moment, offset],
    ),
  );
}
