/** Reads constants and structs of a Go file as far as the reference needs them. */
import { readFileSync } from 'node:fs';

const WORDS = {
  int: 'integer',
  int64: 'integer',
  float64: 'number',
  string: 'text',
  bool: 'boolean',
};

function words(type) {
  if (type.startsWith('*')) return `${words(type.slice(1))} or null`;
  if (type.startsWith('[]')) return `list of ${words(type.slice(2))}`;
  if (type.startsWith('map[')) return 'labels';
  return WORDS[type] ?? type.split('.').at(-1);
}

export class GoTypes {
  constructor(file) {
    this.text = readFileSync(file, 'utf8');
  }

  /** `{ value, meaning }` of the text constants whose names begin with `prefix`. */
  constants(prefix) {
    const lines = this.text.matchAll(new RegExp(`^\\t${prefix}\\w+\\s*= "([^"]*)"(?:\\s*// (.*))?$`, 'gm'));
    return [...lines].map(([, value, meaning = '']) => ({ value, meaning }));
  }

  /** `{ name, type, isOptional, meaning }` of a struct's fields, as they stand in JSON. */
  fields(struct) {
    const body = new RegExp(`^type ${struct} struct \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(this.text)?.[1];
    if (body === undefined) throw new Error(`there is no struct ${struct} in the sources of the reference`);
    const lines = body.matchAll(/^\t\w+\s+(\S+)\s+`json:"(\w+)(,omitempty)?"`(?:\s*\/\/ (.*))?$/gm);
    return [...lines].map(([, type, name, omitted, meaning = '']) => ({
      name,
      type: omitted === undefined ? words(type) : words(type.replace(/^\*/, '')),
      isOptional: omitted !== undefined,
      meaning,
    }));
  }
}
