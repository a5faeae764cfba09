/** Reads the contract's schemas (OpenAPI, AsyncAPI): fields, types in words, descriptions. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { code } from './markdown.mjs';

const refName = (node) => node.$ref.split('/').at(-1);
const oneLine = (text) => (text ?? '').replaceAll(/\s+/g, ' ').trim();

export class Contract {
  constructor(file) {
    this.document = parse(readFileSync(file, 'utf8'));
    this.schemas = this.document.components.schemas;
  }

  /** The schema itself where it is a reference. */
  resolve(node) {
    return node?.$ref === undefined ? node : this.schemas[refName(node)];
  }

  /** `[name, schema, isRequired]` of an object, those of its parts included. */
  fields(node) {
    const schema = this.resolve(node);
    const required = new Set(schema.required ?? []);
    return [
      ...(schema.allOf ?? []).flatMap((part) => this.fields(part)),
      ...Object.entries(schema.properties ?? {}).map(([name, field]) => [name, field, required.has(name)]),
    ];
  }

  description(node) {
    const own = oneLine(node.description);
    if (own !== '') return own;
    if (node.$ref !== undefined) return this.description(this.resolve(node));
    return node.allOf?.length === 1 ? this.description(node.allOf[0]) : '';
  }

  /** A type in words. Objects that have a table of their own (`linked`) are linked to it. */
  words(node, linked) {
    if (node.$ref !== undefined && linked.has(refName(node))) {
      return `[${refName(node)}](#${refName(node).toLowerCase()})`;
    }
    const schema = this.resolve(node);
    if (schema.const !== undefined) return code(schema.const);
    if (schema.enum !== undefined) return schema.enum.map(code).join(', ');
    if (schema.oneOf !== undefined && schema.type === undefined)
      return schema.oneOf.map((part) => this.words(part, linked)).join(' or ');
    if (schema.allOf?.length === 1) return this.words(schema.allOf[0], linked);
    const types = [schema.type ?? 'any'].flat();
    if (types.includes('array')) {
      return `list of ${schema.items === true || schema.items === undefined ? 'anything' : this.words(schema.items, linked)}`;
    }
    const names = this.fields(schema).map(([name]) => name);
    const object = names.length === 0 ? 'object' : `{ ${names.join(', ')} }`;
    return types.map((type) => (type === 'object' ? object : type)).join(' or ');
  }

  rows(node, linked) {
    return this.fields(node).map(([name, field, isRequired]) => [
      code(name),
      this.words(field, linked),
      isRequired
        ? 'yes'
        : this.resolve(field).default === undefined
          ? ''
          : `default ${code(this.resolve(field).default)}`,
      this.description(field),
    ]);
  }
}
