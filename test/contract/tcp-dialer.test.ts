import { systemClock } from '../../src/core/index.ts';
import { createTcpDialer } from '../../src/net/index.ts';
import { describeDialer } from './dialer-suite.ts';

describeDialer('TCP dialer', (use) => use(createTcpDialer({ clock: systemClock })));
