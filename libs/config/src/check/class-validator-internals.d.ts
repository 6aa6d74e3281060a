/** What `validateSync` of class-validator runs, with the promises of asynchronous checks, which `validateSync` drops unseen. */
declare module 'class-validator/cjs/validation/ValidationExecutor.js' {
  export { ValidationExecutor } from 'class-validator/types/validation/ValidationExecutor.js';
}
