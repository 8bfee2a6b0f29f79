import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  Socks5Negotiation,
  type Socks5Effect,
  type Socks5NegotiationOptions,
} from '../../../../src/protocol/socks5/index.ts';

// Messages as in RFC 1928 and RFC 1929; the addresses are documentation addresses of RFC 5737 and RFC 3849.
const hello = '050100';
const connectIpv4 = '05010001c0000201 0050';
const connectIpv6 = '0501000420010db8000000000000000000000001 01bb';
const connectName = '0501000304 73686f70 0050';
const associate = '0503000100000000 0000';

function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

/** Effects as one line each: `<< hex` for bytes to the client. */
function describe(effects: Socks5Effect[]): string[] {
  return effects.map((effect) => {
    switch (effect.kind) {
      case 'send':
        return `<< ${effect.bytes.toString('hex')}`;
      case 'request':
        return `${effect.command} ${effect.destination.host} ${String(effect.destination.port)}`;
      case 'fail':
        return `${effect.error.code}: ${effect.error.message.replace(/^.*?: /, '')}`;
    }
  });
}

function play(hex: string, options: Socks5NegotiationOptions = {}): string[] {
  return describe(new Socks5Negotiation(options).receive(fromHex(hex)));
}

for (const [name, request, expected] of [
  ['CONNECT to an IPv4 address', connectIpv4, 'connect 192.0.2.1 80'],
  ['CONNECT to an IPv6 address', connectIpv6, 'connect 2001:db8::1 443'],
  ['CONNECT to a name, which is left to the dialer', connectName, 'connect shop 80'],
  ['CONNECT to an address in text form', '0501000307 302e302e302e31 0050', 'connect 0.0.0.1 80'],
  ['UDP ASSOCIATE', associate, 'udpAssociate 0.0.0.0 0'],
] as const) {
  test(`a client asks for ${name}`, () => {
    assert.deepEqual(play(hello + request), ['<< 0500', expected]);
  });
}

test('the longest name has 255 bytes on the wire', () => {
  const name = `${'a'.repeat(63)}.`.repeat(3) + 'b'.repeat(61);
  const request = `05010003${name.length.toString(16)}${Buffer.from(name).toString('hex')}0050`;
  assert.deepEqual(play(hello + request), ['<< 0500', `connect ${name} 80`]);
});

test('bytes after the request are kept for the target', () => {
  const negotiation = new Socks5Negotiation();
  negotiation.receive(fromHex(hello + connectName + '474554'));
  assert.equal(negotiation.takeRest().toString(), 'GET');
  assert.equal(negotiation.takeRest().length, 0);
});

test('a greeting and its request may come in one piece or byte by byte', () => {
  for (const request of [connectIpv4, connectIpv6, connectName, associate]) {
    const bytes = fromHex('0502000205' + request.slice(2));
    const whole = play(bytes.toString('hex'));
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const negotiation = new Socks5Negotiation();
      const effects = [bytes.subarray(0, cut), bytes.subarray(cut)].flatMap((part) =>
        negotiation.receive(part),
      );
      assert.deepEqual(describe(effects), whole);
    }
    const negotiation = new Socks5Negotiation();
    assert.deepEqual(describe([...bytes].flatMap((byte) => negotiation.receive(Buffer.from([byte])))), whole);
  }
});

// --- methods --------------------------------------------------------------------------------------------------------

const credentials = (username: Buffer, password: Buffer): boolean => {
  return username.toString() === 'me' && password.toString() === 'pw';
};

test('no authentication is chosen when offered and nothing else is demanded', () => {
  assert.deepEqual(play('05020200'), ['<< 0500']);
});

test('user name and password are chosen when nothing else is offered, and any will do', () => {
  assert.deepEqual(play('050102 01026d65027077' + connectName), ['<< 0502', '<< 0100', 'connect shop 80']);
});

test('user name and password are demanded where there are credentials', () => {
  const options = { authenticate: credentials };
  assert.deepEqual(play('05020002 01026d65027077' + connectName, options), [
    '<< 0502',
    '<< 0100',
    'connect shop 80',
  ]);
});

test('an authentication may be cut anywhere', () => {
  const bytes = fromHex('050102 01026d65027077' + connectName);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const negotiation = new Socks5Negotiation({ authenticate: credentials });
    const effects = [bytes.subarray(0, cut), bytes.subarray(cut)].flatMap((part) =>
      negotiation.receive(part),
    );
    assert.deepEqual(describe(effects), ['<< 0502', '<< 0100', 'connect shop 80']);
  }
});

test('empty user names and passwords are let through to the check', () => {
  assert.deepEqual(play('050102 010000'), ['<< 0502', '<< 0100']);
});

// --- every MUST that a client can break -----------------------------------------------------------------------------

for (const [name, hex, expected] of [
  ['version 4 in the greeting is refused without an answer', '04', ['SOCKS_PROTOCOL: version 4, expected 5']],
  [
    'a greeting without methods has no acceptable one (RFC 1928 §3)',
    '0500',
    ['<< 05ff', 'SOCKS_UNSUPPORTED: one of the authentication methods []'],
  ],
  [
    "only unknown methods: X'FF' (RFC 1928 §3)",
    '05020180',
    ['<< 05ff', 'SOCKS_UNSUPPORTED: one of the authentication methods [1, 128]'],
  ],
  [
    'another version of the subnegotiation fails it (RFC 1929 §2)',
    '050102 05',
    ['<< 0502', '<< 0101', 'SOCKS_PROTOCOL: authentication version 5, expected 1'],
  ],
  [
    'another version in the request is refused (RFC 1928 §4)',
    hello + '04',
    ['<< 0500', 'SOCKS_PROTOCOL: request version 4, expected 5'],
  ],
  [
    'a reserved byte that is not 0: reply 1 (RFC 1928 §4)',
    hello + '0501010100000000 0050',
    ['<< 0500', '<< 05010001000000000000', 'SOCKS_PROTOCOL: reserved byte 1, expected 0'],
  ],
  [
    'BIND: reply 7 (RFC 1928 §6)',
    hello + '05020001c00002010050',
    ['<< 0500', '<< 05070001000000000000', 'SOCKS_UNSUPPORTED: command 2'],
  ],
  [
    'an unknown command: reply 7 (RFC 1928 §6)',
    hello + '05090001c00002010050',
    ['<< 0500', '<< 05070001000000000000', 'SOCKS_UNSUPPORTED: command 9'],
  ],
  [
    'an unknown address type: reply 8 (RFC 1928 §6)',
    hello + '0501000201',
    ['<< 0500', '<< 05080001000000000000', 'SOCKS_UNSUPPORTED: address type 2'],
  ],
  [
    'a name of 0 bytes: reply 1',
    hello + '05010003000050',
    ['<< 0500', '<< 05010001000000000000', 'SOCKS_PROTOCOL: "" is not a domain name'],
  ],
  [
    'a name with a line break: reply 1',
    hello + '0501000304610d0a620050',
    ['<< 0500', '<< 05010001000000000000', 'SOCKS_PROTOCOL: "a\\r\\nb" is not a domain name'],
  ],
  [
    'CONNECT to port 0: reply 1',
    hello + '05010001c00002010000',
    ['<< 0500', '<< 05010001000000000000', 'SOCKS_PROTOCOL: port 0'],
  ],
] as const) {
  test(name, () => {
    assert.deepEqual(play(hex), expected);
  });
}

test('a wrong password fails the subnegotiation (RFC 1929 §2)', () => {
  const effects = play('050102 01026d65027078' + connectName, { authenticate: credentials });
  assert.deepEqual(effects.slice(0, 2), ['<< 0502', '<< 0101']);
  assert.match(effects[2] ?? '', /^PROXY_AUTHENTICATION_FAILED/);
  assert.equal(effects.length, 3);
});

test('who does not offer user name and password where they are demanded is refused', () => {
  assert.deepEqual(play('050100' + connectName, { authenticate: credentials }), [
    '<< 05ff',
    'SOCKS_UNSUPPORTED: one of the authentication methods [0]',
  ]);
});

test('whatever comes, it never throws and ends at most once', () => {
  const likely = fc.constantFrom(0, 1, 2, 3, 4, 5, 0xff);
  const bytes = fc.array(fc.oneof({ weight: 4, arbitrary: likely }, { weight: 1, arbitrary: fc.nat(255) }));
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 8 }), fc.boolean(), (chunks, isLate) => {
      const negotiation = new Socks5Negotiation();
      const start = isLate ? [fromHex(hello)] : [];
      const effects = [...start, ...chunks.map((chunk) => Buffer.from(chunk))].flatMap((chunk) => {
        return negotiation.receive(chunk);
      });
      const ends = effects.filter((effect) => effect.kind !== 'send');
      assert.ok(ends.length <= 1);
      if (ends.length === 1) assert.equal(effects.at(-1), ends[0]);
    }),
    { numRuns: 2000 },
  );
});
