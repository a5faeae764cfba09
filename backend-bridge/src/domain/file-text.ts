const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** The text of a settings file, without a byte order mark. Throws an Error for bytes that are not UTF-8. */
export function fileText(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    throw new Error('it is not UTF-8 text; save it as UTF-8', { cause: error });
  }
}
