export { callWithDeadline } from './deadline.js';
