import { WriteQueue, type Transactions } from './write-queue';

const atOnce: Transactions = {
  commit: async (work) => work(),
  undo: () => undefined,
};

/** Rejects when the queue does not run the change; a lost wake-up would wait for ever. */
async function soon<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the change was never run')), 60_000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

describe('the queue of changes', () => {
  it.each([0, 1, 2, 3, 4, 5])(
    'runs a change that arrives %i microtasks after the last commit',
    async (turns) => {
      const queue = new WriteQueue(atOnce);
      const first = await queue.add({ run: () => 1 });
      for (let i = 0; i < turns; i += 1) await Promise.resolve();
      expect(first + (await soon(queue.add({ run: () => 1 })))).toBe(2);
    },
  );

  it('takes up a change that is added while the last one is committed', async () => {
    const queue = new WriteQueue(atOnce);
    let second: Promise<string> | undefined;
    await queue.add({
      run: () => 1,
      committed: () => {
        second = queue.add({ run: () => 'taken' });
      },
    });
    expect(await soon(second!)).toBe('taken');
  });

  it('settles every change and undoes before the next transaction when the undo fails too', async () => {
    let disk = false;
    let undone = 0;
    const queue = new WriteQueue({
      commit: async (work) => {
        if (!disk) throw new Error('no space left');
        work();
      },
      undo: () => {
        if (!disk) throw new Error('cannot read');
        undone += 1;
      },
    });
    await expect(soon(queue.add({ run: () => 1 }))).rejects.toThrow(/no space left/);
    await expect(soon(queue.add({ run: () => 1 }))).rejects.toThrow(/cannot read/);
    disk = true;
    expect(await soon(queue.add({ run: () => undone }))).toBe(1);
  });

  it('closes when everything that was added before is done', async () => {
    const queue = new WriteQueue(atOnce);
    const done: number[] = [];
    void queue.add({ run: () => done.push(1) });
    void queue.add({ run: () => done.push(2) });
    await queue.close();
    expect(done).toEqual([1, 2]);
    await expect(queue.add({ run: () => 3 })).rejects.toThrow(/closed/);
  });
});
