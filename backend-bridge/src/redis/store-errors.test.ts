import { unavailable } from './store-errors';

describe('errors of Redis say what to do', () => {
  test.each([
    [
      'WRONGTYPE Operation against a key holding the wrong kind of value script: f, on @user_function:3.',
      /redis\.key_prefix/,
    ],
    ['ERR max number of clients reached', /raise maxclients/],
    ["ERR unknown command 'FCALL', with args beginning with: 'f' '1'", /rename-command/],
    ['DENIED Redis is running in protected mode because no password is set.', /protected mode.*password/],
    ['ERR something else', /^Redis command failed: ERR something else$/],
  ])('%s', (message, says) => {
    expect(unavailable(new Error(message)).message).toMatch(says);
  });
});
