export {
  PortForwardDecoder,
  encodeDataMessages,
  maximumDataBytes,
  maximumErrorBytes,
  maximumPorts,
  portForwardProtocol,
  type PortForwardEvent,
} from './port-forward.ts';
