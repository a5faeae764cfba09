import { MemoryBudget } from './memory-budget';

describe('MemoryBudget', () => {
  const refusal = (act: () => void): unknown => {
    try {
      act();
      return null;
    } catch (error) {
      return error;
    }
  };

  it('gives one holder half of what the others leave, and frees all of an answer at once', () => {
    const budget = new MemoryBudget(1_000, 'limits.memory');
    const greedy = budget.open(['greedy']);
    greedy.reserve(400);
    greedy.reserve(100);
    expect(refusal(() => greedy.reserve(1))).toMatchObject({
      code: 'rate_limited',
      retryable: true,
      message: expect.stringContaining('limits.memory') as string,
    });
    const other = budget.open(['other']);
    other.reserve(250);
    expect(refusal(() => other.reserve(1))).toMatchObject({ code: 'rate_limited' });
    expect(budget.usedBytes).toBe(750);
    expect(refusal(() => budget.open(['third']).reserve(300))).toMatchObject({ code: 'overloaded' });
    greedy.free();
    greedy.free();
    expect(budget.usedBytes).toBe(250);
    other.reserve(250);
  });

  it('doubles what is held where there is room for it, and else leaves it as it is', () => {
    const budget = new MemoryBudget(1_000, 'limits.memory');
    const hold = budget.open(['a']);
    hold.reserve(250);
    expect(hold.tryDouble()).toBe(true);
    expect(budget.usedBytes).toBe(500);
    expect(hold.tryDouble()).toBe(false);
    expect(budget.usedBytes).toBe(500);
    hold.free();
    expect(budget.usedBytes).toBe(0);
  });

  it('counts what several holders share once in all, and for each of them', () => {
    const budget = new MemoryBudget(1_000, 'limits.memory');
    const shared = budget.open(['a', 'b', 'b']);
    shared.reserve(300);
    expect(budget.usedBytes).toBe(300);
    expect(refusal(() => budget.open(['a']).reserve(201))).toMatchObject({ code: 'rate_limited' });
    budget.open(['c']).reserve(350);
    shared.free();
    expect(budget.usedBytes).toBe(350);
  });
});
