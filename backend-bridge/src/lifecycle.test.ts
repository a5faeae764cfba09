import { getEventListeners } from 'node:events';
import { UnavailableError } from './domain/errors';
import { createLifecycle, type Collaborators } from './lifecycle';
import { silentLog } from '../../tests/support/silent';

const quiet = (): void => {};
const never = (): Promise<never> => new Promise(() => undefined);

/** Collaborators that note what was asked of them; `over` takes the place of some. */
function collaborators(over: Partial<Collaborators> = {}): { parts: Collaborators; calls: string[] } {
  const calls: string[] = [];
  const note = (call: string) => async (): Promise<void> => void calls.push(call);
  const parts: Collaborators = {
    store: { start: note('store.start'), subscribe: () => quiet, close: note('store.close') },
    source: { start: note('source.start'), stop: note('source.stop'), storeLost: quiet },
    demo: null,
    hub: { start: note('hub.start'), close: () => void calls.push('hub.close') },
    sockets: { close: note('sockets.close') },
    http: { close: note('http.close') },
    log: silentLog,
    onRefused: quiet,
    ...over,
  };
  return { parts, calls };
}

describe('start and stop', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('run in order', async () => {
    const { parts, calls } = collaborators();
    const lifecycle = createLifecycle(parts);
    lifecycle.start();
    await jest.advanceTimersByTimeAsync(10);
    await lifecycle.stop();
    expect(calls).toEqual([
      'store.start',
      'hub.start',
      'source.start',
      'source.stop',
      'sockets.close',
      'hub.close',
      'http.close',
      'store.close',
    ]);
  });

  it('close the clients and the store within five seconds when everything before them hangs', async () => {
    const { parts, calls } = collaborators({
      source: { start: async () => undefined, stop: never, storeLost: quiet },
      demo: { start: async () => undefined, stop: never },
      http: { close: never },
    });
    const lifecycle = createLifecycle(parts);
    lifecycle.start();
    await jest.advanceTimersByTimeAsync(10);
    calls.length = 0;
    const stopped = lifecycle.stop().then(() => calls.push('stopped'));
    await jest.advanceTimersByTimeAsync(2_100);
    expect(calls).toEqual(['sockets.close', 'hub.close']);
    await jest.advanceTimersByTimeAsync(2_800);
    expect(calls).toEqual(['sockets.close', 'hub.close', 'store.close', 'stopped']);
    await stopped;
  });

  it('do not start a source that was stopped while the store was starting', async () => {
    let connected = quiet;
    const { parts, calls } = collaborators();
    const store = { ...parts.store, start: () => new Promise<void>((resolve) => (connected = resolve)) };
    const lifecycle = createLifecycle({ ...parts, store });
    lifecycle.start();
    const stopped = lifecycle.stop();
    await jest.advanceTimersByTimeAsync(100);
    connected();
    await jest.advanceTimersByTimeAsync(5_000);
    await stopped;
    expect(calls).not.toContain('source.start');
  });

  it('wait for the store without a listener more for each attempt', async () => {
    jest.useRealTimers();
    const signals = jest.spyOn(AbortSignal.prototype, 'addEventListener');
    const listening = new Set<AbortSignal>();
    let attempts = 0;
    const { parts } = collaborators();
    const start = async (): Promise<void> => {
      attempts += 1;
      throw new UnavailableError('store', 'not there yet');
    };
    const lifecycle = createLifecycle({ ...parts, store: { ...parts.store, start } });
    lifecycle.start();
    while (attempts < 3) await new Promise((resolve) => setTimeout(resolve, 50));
    for (const signal of signals.mock.contexts) listening.add(signal as AbortSignal);
    const listeners = [...listening].map((signal) => getEventListeners(signal, 'abort').length);
    await lifecycle.stop();
    expect(listeners).toEqual([1]);
  });
});
