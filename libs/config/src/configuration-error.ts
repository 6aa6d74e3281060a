import { ParsecError } from '@parsec/plugin-sdk';
import { compareProblems, formatProblem, type ConfigurationProblem } from './problem.js';

/** The configuration cannot be used. Holds every problem at once, and no value of the configuration. */
export class ConfigurationError extends ParsecError {
  override readonly name = 'ConfigurationError';
  /** At least one, sorted by place. */
  readonly problems: readonly ConfigurationProblem[];

  constructor(problems: readonly ConfigurationProblem[]) {
    const sorted = problems.toSorted(compareProblems);
    super(
      'PARSEC_CONFIGURATION_INVALID',
      `the configuration is invalid:\n${sorted.map((problem) => `  ${formatProblem(problem)}`).join('\n')}`,
    );
    this.problems = sorted;
  }
}
