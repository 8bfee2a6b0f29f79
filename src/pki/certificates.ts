/**
 * Makes the X.509 certificates of the tunnel: one authority per namespace, and leafs below it for agents and clients.
 * Keys come from node:crypto, which makes them off the main thread; node-forge encodes and signs. RSA, because
 * node-forge 1.4 can sign with nothing else that TLS 1.3 takes.
 *
 * @see RFC 5280
 */
import { createPublicKey, generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

/** A certificate that signs others, with its key. Both PEM. */
export interface Authority {
  certificate: string;
  key: string;
}

/** A certificate for one end of a connection, with its key. Both PEM. */
export interface Leaf {
  certificate: string;
  key: string;
  /** End of validity, epoch milliseconds. */
  notAfterMs: number;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Long, because every agent has to learn of a new authority; renewed with more than three years left. */
export const authorityLifetimeMs: number = 3650 * dayMs;

/** Long enough that an agent nobody used for months still has a valid certificate when somebody connects. */
export const agentLifetimeMs: number = 365 * dayMs;

/** Clients keep their key in memory and get a new certificate for each connect. */
export const clientLifetimeMs: number = dayMs;

/** How far in the past validity begins, for machines whose clock is behind. */
export const clockSkewMs: number = 5 * 60 * 1000;

/** Size that TLS peers accept until 2030 (NIST SP 800-57); larger keys cost handshake time. */
const modulusBits = 2048;

/** Upper bound of X.520 for a common name, in characters. */
const maximumCommonNameLength = 64;

export interface AuthorityOptions {
  /** For humans; cut to 64 characters. */
  commonName: string;
  /** Epoch milliseconds. */
  nowMs: number;
  lifetimeMs?: number;
}

/** Makes a self-signed authority that can sign leafs, but no further authorities. */
export async function createAuthority(options: AuthorityOptions): Promise<Authority> {
  const { nowMs, lifetimeMs = authorityLifetimeMs } = options;
  const keys = await generateKeys();
  const subject = toName(options.commonName);
  const certificate = describeCertificate(keys, { subject, nowMs, notAfterMs: nowMs + lifetimeMs });
  certificate.setIssuer(subject);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return { certificate: sign(certificate, keys.privateKey), key: keys.privateKey };
}

export interface LeafOptions {
  /** Which end of the connection: a certificate of one cannot be used as the other (extended key usage). */
  usage: 'agent' | 'client';
  /** For humans; cut to 64 characters. */
  commonName: string;
  /** DNS names and IPv4 addresses that a peer may expect. */
  subjectAltNames: readonly string[];
  /** Kubernetes takes them for the groups of a user. */
  organizations?: readonly string[];
  /** Ends earlier when the authority does. */
  lifetimeMs: number;
  /** Epoch milliseconds. */
  nowMs: number;
  /** PEM of the private key that the certificate is for; a new one when absent. */
  key?: string;
}

/** Makes a private key, in PEM. */
export async function createKey(): Promise<string> {
  return (await generateKeys()).privateKey;
}

/** Makes a certificate that `authority` signs, and its key unless there is one. */
export async function issueLeaf(authority: Authority, options: LeafOptions): Promise<Leaf> {
  const issuer = forge.pki.certificateFromPem(authority.certificate);
  const keys = options.key === undefined ? await generateKeys() : pairOf(options.key);
  const notAfterMs = Math.min(options.nowMs + options.lifetimeMs, issuer.validity.notAfter.getTime());
  const subject = [...toOrganizations(options.organizations ?? []), ...toName(options.commonName)];
  const certificate = describeCertificate(keys, { subject, nowMs: options.nowMs, notAfterMs });
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true },
    { name: 'extKeyUsage', serverAuth: options.usage === 'agent', clientAuth: options.usage === 'client' },
    ...encodeAltNames(options.subjectAltNames),
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
  ]);
  return {
    certificate: sign(certificate, authority.key),
    key: keys.privateKey,
    // X.509 counts in seconds.
    notAfterMs: Math.floor(notAfterMs / 1000) * 1000,
  };
}

interface KeyPair {
  publicKey: string;
  privateKey: string;
}

function pairOf(privateKey: string): KeyPair {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' });
  return { publicKey: String(publicKey), privateKey };
}

function generateKeys(): Promise<KeyPair> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: modulusBits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

function describeCertificate(
  { publicKey }: KeyPair,
  {
    subject,
    nowMs,
    notAfterMs,
  }: { subject: forge.pki.CertificateField[]; nowMs: number; notAfterMs: number },
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = createSerialNumber();
  certificate.validity.notBefore = new Date(nowMs - clockSkewMs);
  certificate.validity.notAfter = new Date(notAfterMs);
  certificate.setSubject(subject);
  return certificate;
}

/** 128 random bits in hexadecimal, as a positive integer in its shortest form (RFC 5280 §4.1.2.2). */
function createSerialNumber(): string {
  const bytes = randomBytes(16);
  // With the highest bit set, exactly one zero byte has to come before.
  bytes[0] = (bytes[0] ?? 0) | 0x80;
  return `00${bytes.toString('hex')}`;
}

function toName(commonName: string): forge.pki.CertificateField[] {
  const value = Array.from(commonName).slice(0, maximumCommonNameLength).join('');
  // The default, PrintableString, has no "@".
  return [{ name: 'commonName', value, valueTagClass: forge.asn1.Type.UTF8 as never }];
}

function toOrganizations(names: readonly string[]): forge.pki.CertificateField[] {
  return names.map((value) => ({
    name: 'organizationName',
    value,
    valueTagClass: forge.asn1.Type.UTF8 as never,
  }));
}

/** Choices of GeneralName (RFC 5280 §4.2.1.6). */
const dnsName = 2;
const ipAddress = 7;

function encodeAltNames(names: readonly string[]): object[] {
  if (names.length === 0) return [];
  const altNames = names.map((value) =>
    /^[\d.]+$/.test(value) ? { type: ipAddress, ip: value } : { type: dnsName, value },
  );
  return [{ name: 'subjectAltName', altNames }];
}

function sign(certificate: forge.pki.Certificate, privateKey: string): string {
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
}
