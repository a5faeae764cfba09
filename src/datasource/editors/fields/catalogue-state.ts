import { useCallback, useEffect, useState } from 'react';
import { asCatalogueError, type CatalogueClient, type MetricEntry } from '../../catalogue';

export type CatalogueState =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly metrics: readonly MetricEntry[] }
  | { readonly state: 'failed'; readonly message: string };

interface Answer {
  readonly client: CatalogueClient;
  readonly attempt: number;
  readonly state: CatalogueState;
}

/** How long after a failure the bridge is asked again. */
const AGAIN_MS = 5_000;

/** The bridge's metrics for an editor. After a failure it asks again from time to time, and at once by `retry`. */
export function useCatalogue(client: CatalogueClient): {
  readonly catalogue: CatalogueState;
  readonly retry: () => void;
} {
  const [attempt, setAttempt] = useState(0);
  const [answer, setAnswer] = useState<Answer>();
  useEffect(() => {
    let wanted = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = (): void => {
      client.metrics().then(
        (metrics) => take({ state: 'ready', metrics }),
        (fault: unknown) => {
          take({ state: 'failed', message: asCatalogueError(fault).message });
          if (wanted) timer = setTimeout(ask, AGAIN_MS);
        },
      );
    };
    const take = (state: CatalogueState): void => {
      if (wanted) setAnswer({ client, attempt, state });
    };
    ask();
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [client, attempt]);
  const retry = useCallback(() => {
    client.forget();
    setAttempt((last) => last + 1);
  }, [client]);
  const current = answer?.client === client && answer.attempt === attempt;
  return { catalogue: current ? answer.state : { state: 'loading' }, retry };
}

/** The metrics, as far as they are known. */
export const metricsOf = (catalogue: CatalogueState): readonly MetricEntry[] =>
  catalogue.state === 'ready' ? catalogue.metrics : [];
