import { describeStore } from './conformance';
import { describeHistory } from './conformance-history';
import { createLmdb } from './lmdb-rig';

describeStore('LMDB', createLmdb);

describe('LMDB as a store of history', () => describeHistory(createLmdb));
