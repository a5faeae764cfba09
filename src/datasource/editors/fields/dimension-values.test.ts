import { renderHook, waitFor } from '@testing-library/react';
import type { CatalogueClient } from '../../catalogue';
import { useDimensionValues, type DimensionSource } from './dimension-values';

test('values of the former dimension are gone at once, also where none are asked for the next', async () => {
  const client = {
    dimensionValues: (_metric: string, dimension: string) =>
      Promise.resolve({ values: [`of ${dimension}`], truncated: false }),
  } as unknown as CatalogueClient;
  const segment: DimensionSource = { client, metric: 'orders', dimension: 'segment' };
  const { result, rerender } = renderHook(({ source, opened }) => useDimensionValues(source, '', opened), {
    initialProps: { source: segment, opened: true },
  });
  await waitFor(() => expect(result.current.values).toEqual(['of segment']), { timeout: 60_000 });
  for (const next of [{ dimension: 'country' }, { dimension: '' }, { metric: 'returns' }]) {
    rerender({ source: { ...segment, ...next }, opened: false });
    expect(result.current).toEqual({ values: [], loading: false });
  }
  rerender({ source: segment, opened: true });
  expect(result.current.values).toEqual(['of segment']);
});
