/** Assets: bundled by build.mjs, transformed for jest by tests/support. */
declare module '*.lua' {
  const text: string;
  export default text;
}
/** The document, parsed. */
declare module '*.yaml' {
  const document: unknown;
  export default document;
}
