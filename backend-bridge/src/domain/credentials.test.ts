import { withoutCredentials, withoutSecrets } from './credentials';
import { StartRefusedError, UnavailableError } from './errors';

test.each([
  ['redis://:hunter2@db:6379/1', 'redis://********@db:6379/1'],
  ['rediss://user:hunter2@db?cluster=true', 'rediss://********@db?cluster=true'],
  ['http://u:hun@ter2@registry:8081/x', 'http://********@registry:8081/x'],
  ['http://u:hun/ter2@registry', 'http://********@registry'],
  ['http://u:hunter2%40@registry', 'http://********@registry'],
  ['http://hunter2@registry', 'http://********@registry'],
  ['HTTPS://u:hunter2@registry', 'HTTPS://********@registry'],
  ['(http://u:hunter2@a, http://u:hunter2@b)', '(http://********@a, http://********@b)'],
  ['{"url":"http://u:hunter2@a","by":"me@example.org"}', '{"url":"http://********@a","by":"me@example.org"}'],
  ['{"url":"http://u:hun\\\\ter2@a"}', '{"url":"http://********@a"}'],
  ['http://registry:8081/subjects and me@example.org', 'http://registry:8081/subjects and me@example.org'],
])('%s', (text, masked) => {
  expect(withoutCredentials(text)).toBe(masked);
});

test('errors that are shown to others never hold them', () => {
  const text = 'Request cannot be constructed from a URL that includes credentials: http://u:hunter2@h/';
  expect(new UnavailableError('schema_registry', text).message).not.toContain('hunter2');
  expect(new StartRefusedError(text).message).not.toContain('hunter2');
});

test.each([
  ['Invalid client secret provided: a%:s/ü', 'Invalid client secret provided: ********'],
  ['client_secret=a%25%3As%2F%C3%BC&grant_type=x', 'client_secret=********&grant_type=x'],
  ['{"secret":"two\\nlines"}', '{"secret":"********"}'],
  ['nothing of it', 'nothing of it'],
])('%s, of a server that repeats what it was sent', (text, masked) => {
  expect(withoutSecrets(text, ['a%:s/ü', 'two\nlines', undefined, ''])).toBe(masked);
});
