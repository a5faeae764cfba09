import { z } from 'zod';
import { similarName } from '../domain/similar-name';

/** The names of settings, for suggestions. */

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
}

const choices = (node: Node): Node[] => [
  node,
  ...[...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(choices),
];

/** What may be at `name` within a node: a setting, an entry with a name of the author's, or an item of a list. */
function within(node: Node, name: string): Node[] {
  const { properties = {}, additionalProperties, items } = node;
  const inner = Object.hasOwn(properties, name) ? properties[name] : undefined;
  const entry = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  return [inner ?? entry, items].filter((one) => one !== undefined).flatMap(choices);
}

/** Made once: a file may have thousands of faults. */
const roots = new WeakMap<z.ZodType, Node>();

function rootOf(schema: z.ZodType): Node {
  let root = roots.get(schema);
  if (root === undefined) {
    root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Node;
    roots.set(schema, root);
  }
  return root;
}

/** The setting that is meant by an unknown one at a path, by its spelling; `undefined`: none is like it. */
export function similarSetting(
  schema: z.ZodType,
  path: readonly string[],
  unknown: string,
): string | undefined {
  const nodes = path.reduce<Node[]>(
    (level, name) => level.flatMap((node) => within(node, name)),
    choices(rootOf(schema)),
  );
  return similarName(
    unknown,
    nodes.flatMap(({ properties = {} }) => Object.keys(properties)),
  );
}
