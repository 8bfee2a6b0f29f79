import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderRuleset } from '../../../agent/redirect.ts';

test('renderRuleset() redirects the nftables ports and no others, and replaces itself', () => {
  const shared = { appContainer: 'web' } as const;
  const ruleset = renderRuleset([
    { ...shared, protocol: 'TCP', appPort: 8080, listenPort: 19810, redirect: 'nftables' },
    { ...shared, protocol: 'UDP', appPort: 53, listenPort: 19811, redirect: 'nftables' },
    { ...shared, protocol: 'TCP', appPort: 9090, listenPort: 19812, redirect: 'service' },
  ]);
  assert.match(ruleset, /tcp dport 8080 redirect to :19810/);
  assert.match(ruleset, /udp dport 53 redirect to :19811/);
  assert.doesNotMatch(ruleset, /9090/);
  assert.match(ruleset, /^table inet tp\ndelete table inet tp\n/);
});
