export { MessageDecoder, encodeMessage } from './message.ts';
