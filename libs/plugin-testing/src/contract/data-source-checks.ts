import assert from 'node:assert/strict';
import { DATA_JSON_VALUES, findJsonProblem } from '@parsec/plugin-sdk';
import { sampleFacts } from '../sample-facts.js';
import { given, patientContext, type Calls, type ContractCheck } from './check.js';
import type { ContractFixture } from './fixture.js';
import { withInstance } from './place.js';
import { rejectsPromptly } from './promptly.js';

/** The call of a data source. */
export const DATA_SOURCE_CALLS: Calls<'data_source'> = {
  fetch:
    async (source, { facts = sampleFacts() }) =>
    (context) =>
      source.fetch(facts, context),
};

/** What holds of every data source. */
export const DATA_SOURCE_CHECKS: readonly ContractCheck<ContractFixture<'data_source'>>[] = [
  {
    name: 'data is JSON within the limits',
    run: (fixture) =>
      withInstance(fixture, async ({ api }) => {
        const data = await api.fetch(fixture.facts ?? sampleFacts(), patientContext());
        assert.notEqual(data, undefined, 'no data');
        assert.equal(findJsonProblem(data, { maxValues: DATA_JSON_VALUES }), undefined);
      }),
  },
  {
    name: 'nothing to know is undefined, not a failure',
    run: (fixture) =>
      withInstance(fixture, async ({ api }) => {
        assert.equal(await api.fetch(given(fixture.nothingFor, 'nothingFor'), patientContext()), undefined);
      }),
  },
  {
    name: 'a failure is a rejection, not missing data',
    run: (fixture) =>
      withInstance(fixture, ({ api }) =>
        given(
          fixture.whileFailing,
          'whileFailing',
        )(async () => {
          await rejectsPromptly(api.fetch(fixture.facts ?? sampleFacts(), patientContext()), 'fetch, while it was failing,');
        }),
      ),
  },
];
