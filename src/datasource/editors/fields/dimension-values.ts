import { useEffect, useState } from 'react';
import { asCatalogueError, type CatalogueClient } from '../../catalogue';

/** A dimension of a metric, by its names in the bridge. */
export interface DimensionSource {
  readonly client: CatalogueClient;
  readonly metric: string;
  readonly dimension: string;
}

export interface Completion {
  readonly values: readonly string[];
  readonly loading: boolean;
  /** Why there are none, in a sentence. */
  readonly fault?: string | undefined;
}

/** Maximum number of listed values; beyond that the bridge is queried for those with the typed prefix. */
const LISTED = 1_000;
const TYPING_PAUSE_MS = 200;

/** The values to choose from: all known ones or, if there are too many, those with the typed prefix. */
async function knownValues(source: DimensionSource, typed: string): Promise<readonly string[]> {
  const { client, metric, dimension } = source;
  const all = await client.dimensionValues(metric, dimension, { limit: LISTED });
  if (!all.truncated || typed === '') return all.values;
  const begun = await client.dimensionValues(metric, dimension, { prefix: typed, limit: LISTED });
  return [...new Set([...begun.values, ...all.values])];
}

/** Values of a dimension while the user types; no request while `wanted` is false or names are missing. */
export function useDimensionValues(source: DimensionSource, typed: string, wanted: boolean): Completion {
  const { client, metric, dimension } = source;
  const asks = wanted && metric !== '' && dimension !== '';
  const [answer, setAnswer] = useState<Answer>(NOTHING_ASKED);
  useEffect(() => {
    if (!asks) return undefined;
    let current = true;
    const take = (found: Completion): void => {
      if (current) setAnswer({ ...found, client, metric, dimension });
    };
    const ask = (): void => {
      setAnswer((last) => ({
        values: isOf(last, { client, metric, dimension }) ? last.values : NO_VALUES,
        loading: true,
        client,
        metric,
        dimension,
      }));
      knownValues({ client, metric, dimension }, typed).then(
        (values) => take({ values, loading: false }),
        (fault: unknown) => take({ values: [], loading: false, fault: asCatalogueError(fault).message }),
      );
    };
    const timer = setTimeout(ask, typed === '' ? 0 : TYPING_PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [asks, client, metric, dimension, typed]);
  return isOf(answer, source) ? answer : { values: NO_VALUES, loading: asks };
}

/** A completion and the dimension it was requested for. */
type Answer = Completion & Partial<DimensionSource>;

const NO_VALUES: readonly string[] = [];
const NOTHING_ASKED: Answer = { values: NO_VALUES, loading: false };

/** Values of another dimension mean nothing for this one, however late they are replaced. */
const isOf = (answer: Answer, { client, metric, dimension }: DimensionSource): boolean =>
  answer.client === client && answer.metric === metric && answer.dimension === dimension;
