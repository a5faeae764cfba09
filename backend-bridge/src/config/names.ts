import { z } from 'zod';

/** Names of metrics and topics, and paths of fields. */

export const name = z.string().regex(/^[a-z_][a-z0-9_]{0,63}$/, {
  error: ({ input }) =>
    `a name has 1 to 64 of a-z, 0-9 and _, and does not begin with a digit; write e.g. ${asName(String(input))}`,
});

function asName(text: string): string {
  const snake = text
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 62);
  return /^[a-z]/.test(snake) ? snake : `m_${snake}`;
}

/** What Kafka accepts as the name of a topic. */
export const TOPIC_NAME = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/;

/** A JSONPath or JSON Pointer as names between dots. */
const asDots = (text: string): string =>
  text
    .replace(/^\$(?:\.|(?=\[))/, '')
    .replace(/^\/(?=.)/, '')
    .replace(/\[(?:'|")?([^\]'"]*)(?:'|")?\]/g, '.$1')
    .replace(/\.{2,}/g, '.')
    .replace(/(?<=.)\/(?=.)/g, text.startsWith('/') ? '.' : '/')
    .replace(/^\.|\.$/g, '');

/** `properties.amount`, or a list where a name itself has a dot. */
export const fieldPath = z
  .union([
    z
      .string()
      .min(1)
      .refine((text) => text === '$' || asDots(text) === text, {
        error: ({ input }) =>
          `${JSON.stringify(input)} is not a path of names between dots; write ${asDots(String(input))}, or a list of the names where one has such characters`,
      })
      .transform((text) => (text === '$' ? [] : text.split('.'))),
    z.array(z.string()).min(1),
  ])
  .describe(
    'A field: names from the outside in, `a.b` or `[a, b]`; found in any case. `$`: the whole value.',
  );
