/** Says who would get a request, and why: the agent's claims in its order, each with what its rule says. */
import type { Claim, ExplainedPort, SampleRequest } from '../contract/index.ts';
import { RequestView, compileRule } from '../rules/index.ts';

/** `claims` of one workload, as its agent lists them. */
export function explainClaims(claims: readonly Claim[], request: SampleRequest): ExplainedPort[] {
  const view = new RequestView(request);
  const ports = new Map<number, ExplainedPort>();
  for (const { protocol, appPort, holder, rule } of claims) {
    if (protocol !== 'TCP') continue;
    const explained = ports.get(appPort) ?? { port: appPort, asked: [] };
    ports.set(appPort, explained);
    const matches = rule === undefined || compileRule(rule)(view);
    const isTaken = explained.asked.some(({ verdict }) => verdict === 'gets-it');
    explained.asked.push({ holder, rule, verdict: !matches ? 'no-match' : isTaken ? 'late' : 'gets-it' });
  }
  return [...ports.values()];
}
