/* global expect */
/** What a component draws is waited for as long as a busy machine may take; tests of components alone wait for it. */
if (expect.getState().testPath.endsWith('.tsx')) {
  require('@testing-library/dom').configure({ asyncUtilTimeout: 60_000 });
}
