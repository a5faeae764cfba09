import { startRedis, startRedisCluster } from '../../support/redis';
import { describeStore } from './conformance';
import { describeHistory } from './conformance-history';
import { storesOn, type Place } from './redis-stores';

describe('a store on one Redis', () => {
  let place: Place;
  beforeAll(async () => {
    const redis = await startRedis();
    place = { url: redis.url, ports: [redis.port], stop: () => redis.stop() };
  });
  afterAll(() => place.stop());
  describeStore(
    'one Redis',
    storesOn(() => place),
  );
  describe('as a store of history', () => describeHistory(storesOn(() => place, 'history')));
});

describe('a store on a Redis cluster', () => {
  let place: Place;
  beforeAll(async () => {
    const cluster = await startRedisCluster();
    place = { url: cluster.url, ports: cluster.nodes.map((node) => node.port), stop: () => cluster.stop() };
  });
  afterAll(() => place.stop());
  describeStore(
    'a Redis cluster',
    storesOn(() => place),
  );
  describe('as a store of history', () =>
    describeHistory(
      storesOn(() => place, 'history'),
      { short: true },
    ));
});
