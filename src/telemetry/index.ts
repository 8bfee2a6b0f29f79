export { createLogger, type LoggerOptions } from './log.ts';
