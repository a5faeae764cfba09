import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';

/** Sections of Grafana's plugin-ui have this level below the page's own heading, on every settings page. */
const SECTION = /^<h3 class="css-[^"]*">(Connection|Verbindung)<\/h3>$/;

/** What axe finds in these parts of a page, a line each; fails when one of them is not there. */
export async function violationsIn(page: Page, ...parts: readonly string[]): Promise<string[]> {
  // In the page itself, and without what it says of everything that is well: that takes longer than the looking.
  const builder = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  const { violations } = await parts.reduce((axe, part) => axe.include(part), builder).analyze();
  return violations
    .filter(({ id, nodes }) => !(id === 'heading-order' && nodes.every(({ html }) => SECTION.test(html))))
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, target }) => `${target.join(' ')} ${html}`).join(' | ')}`,
    );
}
