export { LocalState } from './local-state.js';
export { RedisState, type RedisStateSettings } from './redis-state.js';
export type { Replacement, SharedDocument, SharedDocuments, SharedMarks, SharedView, State } from './shared-documents.js';
