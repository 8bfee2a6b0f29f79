export { decodeQuestion, encodeFailure, hasHeader, isAnswerTo, rcodes, type DnsQuestion } from './message.ts';
