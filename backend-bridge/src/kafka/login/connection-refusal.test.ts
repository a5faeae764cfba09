import kafkajs from 'kafkajs';
import { connectionRefusal } from './connection-refusal';

const access = { brokers: ['kafka.example.org:9092'] };

/** As kafkajs throws it once its retries have failed. */
function refusalOf(broker: string, message: string, code?: string): string {
  const cause = new kafkajs.KafkaJSConnectionError(message, { broker, ...(code !== undefined && { code }) });
  return connectionRefusal(
    new kafkajs.KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 1, retryTime: 200 }),
    access,
  );
}

test('a broker that repeats the password has it masked', () => {
  const sasl = { mechanism: 'plain', username: 'bridge', password: 'hunter2' } as const;
  const error = Object.assign(new Error('no user bridge with hunter2'), {
    name: 'KafkaJSSASLAuthenticationError',
  });
  expect(connectionRefusal(error, { ...access, sasl })).toMatch(/no user bridge with \*{8}\)$/);
});

describe('a broker that cannot be reached', () => {
  it.each([
    ['getaddrinfo ENOTFOUND kafka', 'ENOTFOUND'],
    ['getaddrinfo EAI_AGAIN kafka', 'EAI_AGAIN'],
  ])('is named as its advertised listener: %s', (message, code) => {
    expect(refusalOf('kafka:29092', `Connection error: ${message}`, code)).toBe(
      "the brokers name kafka:29092, which cannot be resolved from here: it is the broker's advertised listener; change advertised.listeners there, or let the bridge resolve the name",
    );
  });

  it.each([
    ['Connection error: connect ECONNREFUSED 127.0.0.1:9092', 'ECONNREFUSED'],
    ['Connection error: connect EHOSTUNREACH 10.0.0.7:9092', 'EHOSTUNREACH'],
    ['Connection timeout', undefined],
  ])('where an advertised address does not answer: %s', (message, code) => {
    expect(refusalOf('localhost:9092', message, code)).toMatch(
      /^the brokers name localhost:9092, which cannot be reached from here: it is the broker's advertised listener; change advertised\.listeners/,
    );
  });

  it('is the setting at fault where it is one of KAFKA_BROKERS', () => {
    expect(refusalOf(access.brokers[0]!, 'Connection error: getaddrinfo ENOTFOUND', 'ENOTFOUND')).toBe(
      'KAFKA_BROKERS: the name of kafka.example.org:9092 cannot be resolved from here',
    );
    expect(refusalOf(access.brokers[0]!, 'Connection error: connect ECONNREFUSED', 'ECONNREFUSED')).toBe(
      'Connection error: connect ECONNREFUSED',
    );
  });
});
