import { useEffect, useState } from 'react';
import { checkMapping, type MappingCheck } from './inspecting';

export interface Preview {
  /** Of the mapping as it was when it was last checked; null: not checked yet. */
  readonly check: MappingCheck | null;
  /** Why the last check failed; empty: it did not. */
  readonly fault: string;
}

/** How long typing has to pause before the mapping is checked, and how often it is checked again; ms. */
const TYPING_MS = 600;
const AGAIN_MS = 10_000;

/** What the mapping makes of the newest records, checked again whenever it changes and from time to time. */
export function usePreview(uid: string, mapping: string): Preview {
  const [preview, setPreview] = useState<Preview>({ check: null, fault: '' });
  useEffect(() => {
    if (mapping === '') return;
    let isCurrent = true;
    let timer = setTimeout(look, TYPING_MS);
    function look(): void {
      checkMapping(uid, mapping)
        .then(
          (check) => isCurrent && setPreview({ check, fault: '' }),
          (reason: unknown) =>
            isCurrent && setPreview(({ check }) => ({ check, fault: (reason as Error).message })),
        )
        .finally(() => {
          if (isCurrent) timer = setTimeout(look, AGAIN_MS);
        });
    }
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [uid, mapping]);
  return preview;
}
