import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** The texts of the app: English as it stands in the code, and every other language complete. */

const ROOT = join(__dirname, '../..');
const LOCALES = join(ROOT, 'src/locales');
const PLURAL = /_(zero|one|two|few|many|other)$/;

type Tree = { readonly [key: string]: string | Tree };

const flat = (tree: Tree, path = ''): [key: string, text: string][] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[path + key, value]] : flat(value, `${path}${key}.`),
  );
const textsOf = (language: string): Map<string, string> => {
  const file = join(LOCALES, language, 'streamkpi-realtime-app.json');
  return new Map(flat(JSON.parse(readFileSync(file, 'utf8')) as Tree));
};
/** `{{count, number}}` stands for the same value as `{{count}}`. */
const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{\{\s*([\w-]+)[^}]*\}\}/g)].map((match) => match[1] ?? '').sort();

const english = textsOf('en-US');
const languages = readdirSync(LOCALES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test('the English texts are those in the code (npm run generate)', () => {
  const check = spawnSync(process.execPath, ['scripts/generate-locales.mjs', '--check'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect({ stderr: check.stderr, status: check.status }).toEqual({ stderr: '', status: 0 });
});

describe('no text of the app is left out', () => {
  /** Two words after each other, one of them perhaps a value, or one with a capital letter. */
  const READS_AS_TEXT = /[A-Za-z]{2,} ([a-z]{2,}|\$)|\$ [a-z]{2,}|^[A-Z][a-z]+$/;
  /** What nobody reads, or what is called so in every language. */
  const NOT_TEXTS = [
    // Keys of a keyboard, the refId of annotations, Grafana's own name of an option.
    ...['Enter', 'Escape', 'Anno', 'All'],
    // Names of a frame's fields: transformations and overrides refer to them.
    ...['Time', 'Value', 'Open', 'Expected', 'Lower', 'Upper', 'Score'],
    // Names of hops; their titles are texts (hopTitle).
    ...['Bridge', 'Clock', 'Kafka', 'Pipeline', 'Redis', 'Source', 'Store'],
    // Which of several texts is meant.
    ...['Data until', 'Ended', 'Last change', 'Point', 'Updated', 'Window ended'],
    // Of styles, timers and routes. Grafana reads the title and the panel's group of options before there are texts.
    ...['2px solid $', '3px solid', 'first gap', 'Get started', 'Details'],
  ];

  const isTranslation = (node: ts.Node): boolean =>
    ts.isCallExpression(node) && ts.isIdentifier(node.expression) && /^(t|css)$/.test(node.expression.text);
  const wordsOf = (node: ts.Node): string | undefined => {
    if (ts.isStringLiteralLike(node) || ts.isJsxText(node)) return node.text;
    if (!ts.isTemplateExpression(node)) return undefined;
    return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('$');
  };
  const textsIn = (name: string, code: string): string[] => {
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      if (isTranslation(node) || ts.isTypeNode(node) || ts.isImportDeclaration(node)) return;
      const words = wordsOf(node);
      if (words !== undefined && READS_AS_TEXT.test(words.trim()) && !NOT_TEXTS.includes(words))
        found.push(`${name}: ${words.trim()}`);
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(name, code, ts.ScriptTarget.Latest, true));
    return found;
  };

  test('in the code', () => {
    const src = join(ROOT, 'src');
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
      (file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$|(^|[\\/])(testing|locales)[\\/]/.test(file),
    );
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap((file) => textsIn(file, readFileSync(join(src, file), 'utf8')))).toEqual([]);
  });

  test.each([
    ['`The ${field} is ${value} now.`', 'The $ is $ now.'],
    ["const choices = { ok: 'Connected' };", 'Connected'],
    ["throw new Error('The query failed.')", 'The query failed.'],
    ['<b>Add one</b>', 'Add one'],
    ["label={'No data'}", 'No data'],
  ])('%s is found', (code, text) => {
    expect(textsIn('x.tsx', code.startsWith('label') ? `<b ${code} />` : code)).toEqual([`x.tsx: ${text}`]);
  });

  test('a text of t() is none', () => {
    expect(textsIn('x.ts', "t('key.of', 'The text {{name}}', { name: 'Some name' })")).toEqual([]);
  });
});

test('English and German are there', () => {
  expect(languages).toEqual(expect.arrayContaining(['de-DE', 'en-US']));
});

describe.each(languages)('%s', (language) => {
  const texts = textsOf(language);
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;

  test('has every text, in each plural form of the language, and none besides', () => {
    const wanted = [...english.keys()].flatMap((key) =>
      PLURAL.test(key) ? forms.map((form) => key.replace(PLURAL, `_${form}`)) : [key],
    );
    expect([...texts.keys()].sort()).toEqual([...new Set(wanted)].sort());
  });

  test('leaves no text empty and puts in what the English one does', () => {
    for (const [key, text] of texts) {
      expect({ key, text }).not.toEqual({ key, text: '' });
      const original = english.get(key) ?? english.get(key.replace(PLURAL, '_other')) ?? '';
      expect({ key, values: placeholders(text) }).toEqual({ key, values: placeholders(original) });
    }
  });
});
