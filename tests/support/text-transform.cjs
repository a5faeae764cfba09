const { parse } = require('yaml');

/** Lets jest import .lua files as text and .yaml files parsed, as the bundler does for the built bridge. */
module.exports = {
  process: (text, path) => {
    const asset = path.endsWith('.yaml') ? parse(text) : text;
    return { code: `module.exports = { __esModule: true, default: ${JSON.stringify(asset)} };` };
  },
};
