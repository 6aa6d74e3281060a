export { ClaimMapper, type ClaimMappings, type MappedClaim } from './claim-mapper.js';
export { gatherData, type ConfiguredDataSource, type GatheredData } from './gather-data.js';
export { findMappingProblems, type ClaimMapping, type MappingProblem } from './mapping-problems.js';
