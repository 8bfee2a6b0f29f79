import { createChoppedCarriers, createMemoryCarriers, createTcpCarriers } from '../support/carriers.ts';
import { testMuxSession } from './mux-session.ts';

const MiB = 1024 * 1024;

testMuxSession('a pair in memory', { createCarriers: createMemoryCarriers, bulkBytes: 10 * MiB });
testMuxSession('TCP', { createCarriers: createTcpCarriers, bulkBytes: 10 * MiB });
testMuxSession('a carrier that chops', { createCarriers: createChoppedCarriers, bulkBytes: 0.5 * MiB });
