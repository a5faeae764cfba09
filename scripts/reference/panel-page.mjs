import { build } from 'esbuild';
import { createRequire } from 'node:module';
import { code, madeBy, table, value } from './markdown.mjs';

const SOURCES = ['src/panel/options/'];

/** The panel's own code with its options, in a form that this program can call. */
async function optionsOf(path) {
  const { outputFiles } = await build({
    stdin: {
      contents:
        "export { panelOptions } from './options-editor'; export { fieldOptions } from './card-options'; export { DEFAULT_OPTIONS } from './panel-options';",
      resolveDir: path('src/panel/options'),
      loader: 'ts',
    },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
  });
  const module = { exports: {} };
  new Function('module', 'exports', 'require', outputFiles[0].text)(
    module,
    module.exports,
    createRequire(import.meta.url),
  );
  return module.exports;
}

/** A builder that notes what is added to it. */
function recorder() {
  const options = [];
  const builder = new Proxy(
    {},
    {
      get: () => (option) => {
        options.push(option);
        return builder;
      },
    },
  );
  return { builder, options };
}

const choices = ({ settings }) =>
  (settings?.options ?? []).map((choice) =>
    choice.value === choice.label.toLowerCase()
      ? code(choice.value)
      : `${code(choice.value)} ${choice.label}`,
  );

function describe(option) {
  const { settings, description = '' } = option;
  const bounds =
    settings?.min === undefined && settings?.max === undefined
      ? []
      : [`${settings.min ?? ''}..${settings.max ?? ''}`];
  const parts = [description, choices(option).join(', '), ...bounds].filter((part) => part !== '');
  return parts.join('. ');
}

const optionTable = (options) =>
  table(
    ['in the editor', 'path', 'default', 'meaning'],
    options.map((option) => [option.name, code(option.path), value(option.defaultValue), describe(option)]),
  );

/** Options of the panel and of its fields, as the editor offers them and dashboards save them. */
export async function panelPage(path) {
  const { panelOptions, fieldOptions, DEFAULT_OPTIONS } = await optionsOf(path);
  const panel = recorder();
  panelOptions(panel.builder);
  const field = recorder();
  fieldOptions(field.builder);
  const categories = [...new Set(panel.options.map(({ category }) => category[0]))];
  const sections = categories.map(
    (category) =>
      `### ${category}\n${optionTable(panel.options.filter((option) => option.category[0] === category))}`,
  );
  return `# The panel: options
${madeBy(SOURCES)}

The type of the panel is \`streamkpi-kpi-panel\`. How it is used is in [the guide](../guides/kpi-panel.md).

## Panel options
In \`options\` of a saved panel, beside \`"version": ${DEFAULT_OPTIONS.version}\`. What is missing has its default.

${sections.join('\n\n')}

## Field options
In \`fieldConfig.defaults.custom\`, or for one query or column in \`overrides\` (\`custom.goodWhen\`). Unit, decimals, thresholds, mappings, color, links and the display name are Grafana's standard options; a title or unit that the stream brings needs none of them.

${optionTable(field.options)}
`;
}
