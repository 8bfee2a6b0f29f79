export {
  agentLifetimeMs,
  authorityLifetimeMs,
  clientLifetimeMs,
  createAuthority,
  createKey,
  issueLeaf,
  type Authority,
  type Leaf,
  type LeafOptions,
} from './certificates.ts';
export { planCertificates, type CertificatePlan, type StoredCertificates } from './plan.ts';
