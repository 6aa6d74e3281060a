export { findIssuerConflicts, type IssuerConflict } from './issuer-conflicts.js';
