/**
 * JSON within a text of JSON: a column of JSON in Debezium's events, the payload of its outbox router, a producer that
 * has encoded twice.
 */

let lastText = '';
let lastContent: unknown;

/** The object or list that a text is in JSON; `undefined`: none. */
export function jsonInText(text: string): unknown {
  if (text === lastText) return lastContent;
  let content: unknown;
  if (/^\s*[[{]/.test(text)) {
    try {
      content = JSON.parse(text);
    } catch {
      content = undefined;
    }
  }
  // Several fields of one record are read from one text.
  lastText = text;
  lastContent = content;
  return content;
}
