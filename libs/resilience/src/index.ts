export { callWithDeadline, DeadlineError } from './deadline.js';
