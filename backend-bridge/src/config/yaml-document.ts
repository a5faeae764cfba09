import { parseDocument, type ErrorCode, type YAMLError } from 'yaml';
import { StartRefusedError } from '../domain/errors';

/** Metrics files are smaller: a metric takes some 500 characters, and parsing 10 MB takes minutes. */
const MOST_CHARACTERS = 1_000_000;

/** What to write in place of what is no YAML. */
const ADVICE: Partial<Readonly<Record<ErrorCode, string>>> = {
  TAB_AS_INDENT: 'indent with spaces',
  DUPLICATE_KEY: 'this name is there twice; remove or rename one',
  BLOCK_AS_IMPLICIT_KEY:
    'a line below is indented further than its neighbours; indent settings of one level alike',
  BAD_INDENT: 'indent settings of one level alike, and close brackets before the next line',
  MULTILINE_IMPLICIT_KEY: 'write a colon and a space behind the name of a setting',
  MISSING_CHAR: 'close the quotes and brackets',
  TAG_RESOLVE_FAILED: 'remove the tag that begins with !',
  BAD_SCALAR_START: 'put the text in quotes',
};

function sentenceOf({ code, message }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return 'has several documents; remove the lines of `---` between them';
  const advice = ADVICE[code];
  // Behind the first line the message shows the place.
  return `is not YAML: ${advice === undefined ? message : message.replace(/:?(?=\n|$)/, `; ${advice}:`)}`;
}

/** The content of a YAML file. Throws StartRefusedError for text that is none, with what to write. */
export function readYaml(text: string, file: string): unknown {
  if (text.length > MOST_CHARACTERS) {
    throw new StartRefusedError(
      `${file} has ${text.length} characters; a metrics file has at most ${MOST_CHARACTERS}: is it the right file?`,
    );
  }
  const document = parseDocument(text, { merge: true });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) throw new StartRefusedError(`${file} ${sentenceOf(fault)}`, { cause: fault });
  try {
    return document.toJS();
  } catch (error) {
    // Aliases without their anchor, or too many.
    if (!(error instanceof ReferenceError)) throw error;
    throw new StartRefusedError(
      `${file} is not YAML: ${error.message}; name each anchor (\`&name\`) above its aliases (\`*name\`), or write the settings out`,
      { cause: error },
    );
  }
}
