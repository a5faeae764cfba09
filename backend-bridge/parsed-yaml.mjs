import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

/** Plugin of esbuild: .yaml files are parsed into the bundle. It would take a third of a second of each start. */
export const parsedYaml = {
  name: 'parsed-yaml',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.yaml$/ }, async ({ path }) => ({
      contents: JSON.stringify(parse(await readFile(path, 'utf8'))),
      loader: 'json',
    })),
};
