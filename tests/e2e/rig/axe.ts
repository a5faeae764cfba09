import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';

/** What axe finds in these parts of a page, a line each; fails when one of them is not there. */
export async function violationsIn(page: Page, ...parts: readonly string[]): Promise<string[]> {
  const { violations } = await parts
    .reduce((axe, part) => axe.include(part), new AxeBuilder({ page }))
    .analyze();
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html, target }) => `${target.join(' ')} ${html}`).join(' | ')}`,
  );
}
