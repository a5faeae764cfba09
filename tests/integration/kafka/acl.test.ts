import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';
import { startKafka, type KafkaBroker } from '../../support/kafka';

/** Topics that a user may not see or read, on a broker with an authorizer. */

const INSPECT = join(__dirname, '../../../backend-bridge/dist/inspect.js');
const LOGIN = { username: 'reader', password: 'reader-secret' };

describe('a topic without permission', () => {
  let kafka: KafkaBroker;
  beforeAll(async () => {
    kafka = await startKafka({
      sasl: LOGIN,
      properties: [
        'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users=User:ANONYMOUS',
      ],
    });
    for (const topic of ['unseen', 'unread']) {
      await kafka.createTopic(topic);
      await kafka.produce(topic, [{ key: 'a', value: '{"n":1}' }]);
    }
    const admin = await kafka.admin();
    await admin.createAcls({
      acl: [
        {
          resourceType: AclResourceTypes.TOPIC,
          resourceName: 'unread',
          resourcePatternType: ResourcePatternTypes.LITERAL,
          principal: `User:${LOGIN.username}`,
          host: '*',
          operation: AclOperationTypes.DESCRIBE,
          permissionType: AclPermissionTypes.ALLOW,
        },
      ],
    });
  });
  afterAll(() => kafka.stop());

  it.each([
    [
      'unseen',
      /^Topic unseen cannot be read: the brokers do not let this user read topic unseen; allow Describe and Read\.\n$/,
    ],
    ['unread', /^Topic unread cannot be read: the brokers do not let this user read it; allow Read\.\n$/],
  ])('%s: one sentence that names it', async (topic, sentence) => {
    const child = spawn(process.execPath, [INSPECT, '--topic', topic], {
      env: {
        PATH: process.env['PATH'],
        KAFKA_BROKERS: kafka.secure!,
        KAFKA_SASL_MECHANISM: 'scram-sha-256',
        KAFKA_SASL_USERNAME: LOGIN.username,
        KAFKA_SASL_PASSWORD: LOGIN.password,
      },
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    expect(said).toMatch(sentence);
    expect(code).toBe(2);
  });
});
