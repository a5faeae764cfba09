/** Lets jest import .lua and .yaml files as text, as the bundler does for the built bridge. */
module.exports = {
  process: (text) => ({ code: `module.exports = { __esModule: true, default: ${JSON.stringify(text)} };` }),
};
