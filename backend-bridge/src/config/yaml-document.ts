import { parseDocument, YAMLError, type ErrorCode } from 'yaml';
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

/**
 * The content of YAML. Throws a YAMLError, whose message quotes the text, also where the parser would only warn; and
 * ReferenceError for aliases without their anchor, or too many.
 */
export function parseYaml(text: string): unknown {
  const document = parseDocument(text, { merge: true });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) throw fault;
  return document.toJS();
}

/** The content of a YAML file. Throws StartRefusedError for text that is none, with what to write. */
export function readYaml(text: string, file: string): unknown {
  if (text.length > MOST_CHARACTERS) {
    throw new StartRefusedError(
      `${file} has ${text.length} characters; a metrics file has at most ${MOST_CHARACTERS}: is it the right file?`,
    );
  }
  try {
    return parseYaml(text);
  } catch (error) {
    if (error instanceof YAMLError) {
      throw new StartRefusedError(`${file} ${sentenceOf(error)}`, { cause: error });
    }
    if (!(error instanceof ReferenceError)) throw error;
    throw new StartRefusedError(
      `${file} is not YAML: ${error.message}; name each anchor (\`&name\`) above its aliases (\`*name\`), or write the settings out`,
      { cause: error },
    );
  }
}
