import { labelsOf, type Labels, type MaybeNumber, type Value } from './values';

/** Math expressions: numbers, `$A`, `+ - * / %`, comparisons, `&& || !` and brackets. */

type Node =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'unary'; readonly op: string; readonly of: Node }
  | { readonly kind: 'binary'; readonly op: string; readonly left: Node; readonly right: Node };

/** Weakest first. */
const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['==', '!=', '>', '<', '>=', '<='],
  ['+', '-'],
  ['*', '/', '%'],
];

const TOKEN = /\s*(?:(\d+(?:\.\d+)?)|\$\{?([A-Za-z_]\w*)\}?|(\|\||&&|[=!<>]=|[-+*/%<>!()]))/y;

class Parser {
  private readonly tokens: string[] = [];
  private at = 0;

  constructor(private readonly text: string) {
    TOKEN.lastIndex = 0;
    const trimmed = text.trimEnd();
    while (TOKEN.lastIndex < trimmed.length) {
      const from = TOKEN.lastIndex;
      const match = TOKEN.exec(trimmed);
      if (match === null) throw new Error(`no math expression: "${text}", at character ${from}`);
      this.tokens.push(match[2] === undefined ? (match[1] ?? match[3]!) : `$${match[2]}`);
    }
  }

  parse(): Node {
    const node = this.level(0);
    if (this.at < this.tokens.length) throw new Error(`no math expression: "${this.text}"`);
    return node;
  }

  private level(level: number): Node {
    const operators = LEVELS[level];
    if (operators === undefined) return this.unary();
    let left = this.level(level + 1);
    while (operators.includes(this.tokens[this.at] ?? '')) {
      const op = this.tokens[this.at++]!;
      left = { kind: 'binary', op, left, right: this.level(level + 1) };
    }
    return left;
  }

  private unary(): Node {
    const token = this.tokens[this.at++];
    if (token === '-' || token === '!') return { kind: 'unary', op: token, of: this.unary() };
    if (token === '(') {
      const node = this.level(0);
      if (this.tokens[this.at++] !== ')') throw new Error(`a bracket is open in "${this.text}"`);
      return node;
    }
    if (token?.startsWith('$') === true) return { kind: 'variable', name: token.slice(1) };
    if (token !== undefined && /^\d/.test(token)) return { kind: 'constant', value: Number(token) };
    throw new Error(`no math expression: "${this.text}"`);
  }
}

/** The variables that an expression names. */
export function variablesOf(expression: string): readonly string[] {
  const names = (node: Node): string[] => {
    switch (node.kind) {
      case 'constant':
        return [];
      case 'variable':
        return [node.name];
      case 'unary':
        return names(node.of);
      case 'binary':
        return [...names(node.left), ...names(node.right)];
    }
  };
  return names(new Parser(expression).parse());
}

export function math(expression: string, variables: ReadonlyMap<string, readonly Value[]>): readonly Value[] {
  return walk(new Parser(expression).parse(), variables);
}

function walk(node: Node, variables: ReadonlyMap<string, readonly Value[]>): readonly Value[] {
  switch (node.kind) {
    case 'constant':
      return [{ kind: 'scalar', value: node.value }];
    case 'variable':
      return variables.get(node.name) ?? [];
    case 'unary':
      return walk(node.of, variables).map((value) => mapped(value, (number) => unary(node.op, number)));
    case 'binary':
      return unions(walk(node.left, variables), walk(node.right, variables)).map(({ labels, left, right }) =>
        combined(node.op, labels, left, right),
      );
  }
}

interface Union {
  readonly labels: Labels;
  readonly left: Value;
  readonly right: Value;
}

/** Pairs whose labels are equal, or those of one within those of the other. */
function unions(lefts: readonly Value[], rights: readonly Value[]): readonly Union[] {
  const [left] = lefts;
  const [right] = rights;
  if (left === undefined || right === undefined) return [];
  if ((lefts.length === 1 || rights.length === 1) && (left.kind === 'none' || right.kind === 'none')) {
    return [{ labels: {}, left, right }];
  }
  const pairs = lefts.flatMap((a) => rights.flatMap((b) => pair(a, b)));
  if (pairs.length === 0 && lefts.length === 1 && rights.length === 1) return [{ labels: {}, left, right }];
  return pairs;
}

function pair(left: Value, right: Value): readonly Union[] {
  const a = labelsOf(left);
  const b = labelsOf(right);
  if (isWithin(b, a)) return [{ labels: a, left, right }];
  return isWithin(a, b) ? [{ labels: b, left, right }] : [];
}

const isWithin = (part: Labels, whole: Labels): boolean =>
  Object.entries(part).every(([name, value]) => whole[name] === value);

function combined(op: string, labels: Labels, left: Value, right: Value): Value {
  if (left.kind === 'none' || right.kind === 'none') return { kind: 'none' };
  if (left.kind === 'series' || right.kind === 'series') {
    throw new Error('math on series is not needed by any rule here: reduce them first');
  }
  const value = binary(op, left.value, right.value);
  return left.kind === 'scalar' && right.kind === 'scalar'
    ? { kind: 'scalar', value }
    : { kind: 'number', labels, value };
}

function mapped(value: Value, change: (number: MaybeNumber) => MaybeNumber): Value {
  if (value.kind === 'none') return value;
  if (value.kind === 'series') return { ...value, values: value.values.map(change) };
  return { ...value, value: change(value.value) };
}

function unary(op: string, value: MaybeNumber): MaybeNumber {
  if (value === null || Number.isNaN(value)) return value;
  return op === '-' ? -value : Number(value === 0);
}

function binary(op: string, a: MaybeNumber, b: MaybeNumber): MaybeNumber {
  if (a === null || b === null) return null;
  // Before NaN, as Grafana has it.
  if (op === '||' && a !== 0) return 1;
  if (op === '&&' && a === 0) return 0;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    case '==':
      return Number(a === b);
    case '!=':
      return Number(a !== b);
    case '>':
      return Number(a > b);
    case '<':
      return Number(a < b);
    case '>=':
      return Number(a >= b);
    case '<=':
      return Number(a <= b);
    default:
      return Number(b !== 0);
  }
}
