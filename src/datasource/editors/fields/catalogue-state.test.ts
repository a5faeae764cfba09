import { act, renderHook } from '@testing-library/react';
import { CatalogueClient, type ResourceCall } from '../../catalogue';
import { CATALOGUE } from '../../testing/catalogue';
import { useCatalogue } from './catalogue-state';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** A bridge that is away until `isUp`, and counts its calls. */
function bridge() {
  const state = { isUp: false, calls: 0 };
  const call: ResourceCall = () => {
    state.calls += 1;
    return state.isUp
      ? Promise.resolve(CATALOGUE)
      : Promise.reject(Object.assign(new Error(), { data: { message: 'No bridge listens.' } }));
  };
  return { state, client: new CatalogueClient(call) };
}

const pass = (ms: number) => act(() => jest.advanceTimersByTimeAsync(ms));

test('an editor opened during an outage has the metrics when the bridge is back', async () => {
  const { state, client } = bridge();
  const { result } = renderHook(() => useCatalogue(client));
  await pass(0);
  expect(result.current.catalogue).toEqual({ state: 'failed', message: 'No bridge listens.' });
  await pass(20_000);
  expect(result.current.catalogue.state).toBe('failed');
  state.isUp = true;
  await pass(5_000);
  expect(result.current.catalogue).toEqual({ state: 'ready', metrics: CATALOGUE.metrics });
  const { calls } = state;
  await pass(60_000);
  expect(state.calls).toBe(calls);
});

test('a closed editor asks no more', async () => {
  const { state, client } = bridge();
  const { unmount } = renderHook(() => useCatalogue(client));
  await pass(0);
  unmount();
  await pass(60_000);
  expect(state.calls).toBe(1);
});
