/** Icons are fetched by the real component; here they are an empty picture with the same attributes. */
const React = require('react');

const OWN = ['src', 'innerRef', 'cacheRequests', 'preProcessor', 'loader', 'onLoad', 'onError', 'title'];

const InlineSvg = React.forwardRef(function InlineSvg(props, ref) {
  const attributes = Object.fromEntries(Object.entries(props).filter(([name]) => !OWN.includes(name)));
  return React.createElement('svg', { ...attributes, ref: props.innerRef ?? ref, 'data-src': props.src });
});
module.exports = { __esModule: true, default: InlineSvg, cacheStore: { isCached: () => true } };
