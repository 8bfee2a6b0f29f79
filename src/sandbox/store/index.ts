export { ApiError } from './api-error.ts';
export type * from './cluster-access.ts';
export * from './kube-object.ts';
export { ObjectStore, watchHistoryLength, type ObjectChange } from './object-store.ts';
export { parseFieldSelector, parseLabelSelector, selectorMatches, type Labels } from './selectors.ts';
export * from './statuses.ts';
