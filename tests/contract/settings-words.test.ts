import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The backend's advice names settings of the data source: by the labels that the editor shows. */

const root = join(__dirname, '../..');
const textOf = (folder: string, name: RegExp): string =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => name.test(file))
    .map((file) => readFileSync(join(root, folder, file), 'utf8'))
    .join('\n');
const found = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, ...groups]) => groups.find(Boolean) ?? '');

test('settings that the advice names are labels of the settings editor', () => {
  const labels = found(
    textOf('src/datasource/editors/config', /\.tsx$/),
    /label=\{t\('[^']+', '([^']+)'\)\}/g,
  );
  const named = found(
    textOf('pkg', /(?<!_test)\.go$/),
    /(?:\\"([^"\\]+)\\"|\bthe (\w+(?: name)?)) in the data source settings/gi,
  );
  const advised = [
    'Add self-signed certificate',
    'TLS client authentication',
    'server name',
    'timeout',
    'URL',
  ];
  expect(named).toEqual(expect.arrayContaining(advised));
  const known = labels.map((label) => label.toLowerCase());
  expect(named.filter((name) => !known.includes(name.toLowerCase()))).toEqual([]);
});
