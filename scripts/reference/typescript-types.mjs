/** Reads interfaces and unions of a TypeScript file: names, types in words, and what their comments say. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { code } from './markdown.mjs';

/** Text of the comment before a node. */
function commentOf(node) {
  const comments = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const text = comments.map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '').join(' ');
  return text.replaceAll(/\s+/g, ' ').trim();
}

const nameOf = (node) => node.name.text;

export class Types {
  #nodes = new Map();

  constructor(...files) {
    for (const file of files) {
      const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
      for (const statement of source.statements) this.#read(statement);
    }
  }

  #read(statement) {
    if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
      this.#nodes.set(nameOf(statement), statement);
    } else if (ts.isVariableStatement(statement)) {
      for (const declared of statement.declarationList.declarations)
        this.#nodes.set(declared.name.getText(), declared);
    }
  }

  #node(name) {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`there is no ${name} in the sources of the reference`);
    return node;
  }

  /** What is said of a type. */
  about(name) {
    return commentOf(this.#node(name));
  }

  /** Fields of an interface: `{ name, type, isOptional, meaning }`. */
  fields(name) {
    return this.#fieldsOf(this.#node(name).members, name);
  }

  /** Properties of an object of objects: `{ name, meaning, ...its literals }`; a function is `true`. */
  schema(name) {
    return this.#valueOf(this.#node(name).initializer, (property) => ({
      name: property.name.text,
      meaning: commentOf(property),
      ...this.#valueOf(property.initializer),
    }));
  }

  #valueOf(node, entryOf) {
    if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node))
      return this.#valueOf(node.expression, entryOf);
    if (ts.isIdentifier(node)) return this.#valueOf(this.#node(node.text).initializer);
    if (ts.isArrowFunction(node)) return true;
    if (ts.isArrayLiteralExpression(node)) return node.elements.map((element) => this.#valueOf(element));
    if (!ts.isObjectLiteralExpression(node)) return JSON.parse(node.getText().replaceAll("'", '"'));
    if (entryOf !== undefined) return node.properties.map(entryOf);
    return Object.fromEntries(
      node.properties.map((property) => [property.name.text, this.#valueOf(property.initializer)]),
    );
  }

  /** Kinds of a union whose members each have a `type`: `{ kind, meaning, fields }`. */
  kinds(name) {
    return this.#node(name).type.types.map((member) => {
      const fields = this.#fieldsOf(member.members, name);
      const [kind] = fields.filter((field) => field.name === 'type');
      const before = ts.getLeadingCommentRanges(member.getSourceFile().text, member.getFullStart()) ?? [];
      const text = before.map(({ pos, end }) => member.getSourceFile().text.slice(pos, end)).join(' ');
      const meaning = text
        .replaceAll(/\/\*\*?|\*\/|\n\s*\*/g, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim();
      return { kind: kind.type, meaning, fields: fields.filter((field) => field !== kind) };
    });
  }

  #fieldsOf(members, owner) {
    return members.filter(ts.isPropertySignature).map((member) => ({
      name: member.name.text,
      type: this.#words(member.type, owner),
      isOptional: member.questionToken !== undefined,
      meaning: commentOf(member),
    }));
  }

  /** A type in words; what is declared in the sources and has fields of its own is named. */
  #words(type, owner) {
    if (ts.isTypeOperatorNode(type) || ts.isParenthesizedTypeNode(type)) return this.#words(type.type, owner);
    if (ts.isArrayTypeNode(type)) return `list of ${this.#words(type.elementType, owner)}`;
    if (ts.isUnionTypeNode(type)) {
      const parts = type.types.map((part) => this.#words(part, owner)).filter((part) => part !== 'undefined');
      return parts.every((part) => part.startsWith('`')) ? parts.join(', ') : parts.join(' or ');
    }
    if (ts.isLiteralTypeNode(type)) {
      if (type.literal.kind === ts.SyntaxKind.NullKeyword) return 'null';
      return code(ts.isStringLiteral(type.literal) ? type.literal.text : type.literal.getText());
    }
    if (ts.isTypeLiteralNode(type)) {
      return `{ ${type.members.map((member) => member.name.getText()).join(', ')} }`;
    }
    if (ts.isIntersectionTypeNode(type)) {
      return type.types.map((part) => this.#words(part, owner)).join(' and ');
    }
    if (ts.isTypeReferenceNode(type)) return this.#reference(type.typeName.getText(), owner);
    return type.getText();
  }

  #reference(name, owner) {
    const node = this.#nodes.get(name);
    if (node === undefined) return name === 'Labels' ? 'labels' : name;
    if (ts.isInterfaceDeclaration(node)) return `[${name}](#${name.toLowerCase()})`;
    const { type } = node;
    // `(typeof NAMES)[number]`: the names themselves.
    if (ts.isIndexedAccessTypeNode(type)) {
      const list = this.#node(type.objectType.type.exprName.getText()).initializer.expression;
      return list.elements.map((element) => code(element.text)).join(', ');
    }
    return this.#words(type, owner);
  }
}
