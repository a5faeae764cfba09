import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Grafana's fonts, which are in none of its packages: names that its styles ask for below public/fonts/, and the
 * files of other packages that hold the same fonts.
 */
const FILES: Readonly<Record<string, string>> = {
  'inter/Inter-Regular.woff2': '@fontsource/inter/files/inter-latin-400-normal.woff2',
  'inter/Inter-Medium.woff2': '@fontsource/inter/files/inter-latin-500-normal.woff2',
  'inter/Inter-Italic.woff2': '@fontsource/inter/files/inter-latin-400-italic.woff2',
  'inter/Inter-MediumItalic.woff2': '@fontsource/inter/files/inter-latin-500-italic.woff2',
  'roboto/L0xTDF4xlVMF-BfR8bXMIhJHg45mwgGEFl0_3vrtSM1J-gEPT5Ese6hmHSh0mQ.woff2':
    '@fontsource/roboto-mono/files/roboto-mono-latin-400-normal.woff2',
};

/** @param root the project's folder */
export function fontFile(root: string, name: string): Buffer | undefined {
  const known = FILES[name];
  if (known === undefined) return undefined;
  const file = join(root, 'node_modules', known);
  return existsSync(file) ? readFileSync(file) : undefined;
}
