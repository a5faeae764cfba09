import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

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
