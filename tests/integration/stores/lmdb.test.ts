import { describeStore } from './conformance';
import { createLmdb } from './lmdb-rig';

jest.setTimeout(120_000);

describeStore('LMDB', createLmdb);
