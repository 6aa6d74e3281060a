/** Tells at the end which tests were skipped; their titles say why. */
export default class SkippedReporter {
  onRunComplete(_contexts, results) {
    const skipped = results.testResults.flatMap(({ testResults }) => testResults.filter(({ status }) => status === 'pending'));
    if (skipped.length > 0)
      process.stderr.write(`\nSkipped, with the reason:\n${skipped.map(({ fullName }) => `  ${fullName}\n`).join('')}`);
  }
}
