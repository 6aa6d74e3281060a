export { findMappingProblems, type ClaimMapping, type MappingProblem } from './mapping-problems.js';
