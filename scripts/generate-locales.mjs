#!/usr/bin/env node
/**
 * Writes src/locales/en-US from the texts in the code, `t('key', 'English text')`: the file that a translator copies.
 *
 *   node scripts/generate-locales.mjs            writes it
 *   node scripts/generate-locales.mjs --check    ends with 1 when the file is not what it would write
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { writeOrCheck } from './generated-file.mjs';

const root = join(import.meta.dirname, '..');
const FILE = 'src/locales/en-US/streamkpi-realtime-app.json';

const isText = (node) => node !== undefined && ts.isStringLiteralLike(node);

/** `[['key', 'text']]` of one call, with a key for each plural form. */
function textsOf(call, place) {
  const [key, english, values] = call.arguments;
  if (!isText(key) || !isText(english))
    throw new Error(`${place}: t() takes its key and its text as literals`);
  const forms = (values !== undefined && ts.isObjectLiteralExpression(values) ? values.properties : [])
    .filter(
      (property) => ts.isPropertyAssignment(property) && property.name.text?.startsWith('defaultValue_'),
    )
    .map(({ name, initializer }) => [key.text + name.text.slice('defaultValue'.length), initializer.text]);
  return forms.length > 0 ? forms : [[key.text, english.text]];
}

/** @returns {Map<string, string>} every text of the app by its key; throws when a key has two texts */
function textsInCode() {
  const texts = new Map();
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$|(^|[\\/])(testing|locales)[\\/]/.test(file))
    .sort();
  for (const file of files) {
    const source = ts.createSourceFile(
      file,
      readFileSync(join(root, 'src', file), 'utf8'),
      ts.ScriptTarget.Latest,
      true,
      file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS,
    );
    const visit = (node) => {
      if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 't') {
        for (const [key, text] of textsOf(node, `src/${file}`)) {
          if (texts.has(key) && texts.get(key) !== text) throw new Error(`src/${file}: ${key} has two texts`);
          texts.set(key, text);
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return texts;
}

/** `a.b` as `{ a: { b } }`, as i18next reads it. */
function nested(texts) {
  const tree = {};
  for (const [key, text] of [...texts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const path = key.split('.');
    const last = path.pop();
    let branch = tree;
    for (const part of path) branch = branch[part] ??= {};
    if (typeof branch !== 'object' || typeof branch[last] === 'object')
      throw new Error(`${key} is a text and a group of texts`);
    branch[last] = text;
  }
  return tree;
}

writeOrCheck(
  join(root, FILE),
  `${JSON.stringify(nested(textsInCode()), null, 2)}\n`,
  `${FILE} is not in step with the texts in the code; run: npm run generate`,
);
