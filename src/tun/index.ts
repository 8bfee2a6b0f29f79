export { loadNative, type Native } from './native.ts';
export { NAME_SERVER, openNetwork, type Network } from './network.ts';
