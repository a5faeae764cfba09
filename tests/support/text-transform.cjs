const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { parse } = require('yaml');

const ownSource = readFileSync(module.filename);

/** Lets jest import .lua files as text and .yaml files parsed, as the bundler does for the built bridge. */
module.exports = {
  process: (text, path) => {
    const asset = path.endsWith('.yaml') ? parse(text) : text;
    return { code: `module.exports = { __esModule: true, default: ${JSON.stringify(asset)} };` };
  },
  // Jest's own key leaves the transform out: results of an earlier one would stay in its cache.
  getCacheKey: (text, path) =>
    createHash('sha256').update(ownSource).update(path).update('\0').update(text).digest('hex'),
};
