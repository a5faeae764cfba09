import { within, withDeadline } from './deadline';

const never = new Promise<string>(() => undefined);
const late = (): Error => new Error('too late');

describe('a deadline', () => {
  it('passes on what comes in time, and its failure', async () => {
    expect(await withDeadline(Promise.resolve('done'), 1_000, late)).toBe('done');
    await expect(withDeadline(Promise.reject(new Error('refused')), 1_000, late)).rejects.toThrow('refused');
    expect(await within(Promise.resolve(), 1_000)).toBe(true);
  });

  it('gives up what takes longer, and drops its failure then', async () => {
    await expect(withDeadline(never, 1, late)).rejects.toThrow('too late');
    expect(await within(never, 1)).toBe(false);
    let fail = (_error: Error): void => undefined;
    const failing = new Promise<string>((_resolve, reject) => (fail = reject));
    await expect(withDeadline(failing, 1, late)).rejects.toThrow('too late');
    // An unhandled rejection would fail the run.
    fail(new Error('dropped'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
