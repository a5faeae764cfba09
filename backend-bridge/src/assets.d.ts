/** Text assets: bundled by esbuild's text loader, transformed for jest by tests/support. */
declare module '*.lua' {
  const text: string;
  export default text;
}
declare module '*.yaml' {
  const text: string;
  export default text;
}
