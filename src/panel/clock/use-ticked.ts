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
 * Whether something should have come by a moment of the bridge's clock; null: never. While nobody looked at the page
 * nothing was asked: what became due meanwhile has a little time to come.
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
