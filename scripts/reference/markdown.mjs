/** Tables and code in Markdown. */
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;

export const table = (head, rows) => [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');

export const code = (value) => `\`${value}\``;

/** A value as it stands in JSON; nothing for what is absent. */
export const value = (given) => (given === undefined ? '' : code(JSON.stringify(given)));

export const madeBy = (sources) =>
  `<!-- Made by \`npm run generate\` from ${sources.join(', ')}; do not edit. -->`;
