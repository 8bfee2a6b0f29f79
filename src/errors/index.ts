export { catalogue, exitCodes, type Category, type ErrorCode, type ErrorDetails } from './catalogue.ts';
export {
  ToolError,
  createError,
  fromWire,
  isToolError,
  raise,
  toToolError,
  toWire,
  type WireError,
} from './tool-error.ts';
