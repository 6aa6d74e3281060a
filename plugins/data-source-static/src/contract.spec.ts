import { describeContract } from '@parsec/plugin-testing';
import plugin from './index.js';

const deep = (levels: number): object => (levels === 0 ? {} : { next: deep(levels - 1) });

describeContract({
  plugin,
  options: { data: { region: 'eu-1', tiers: ['gold', { name: 'silver', weight: 0.5 }], none: null } },
  invalidOptions: [
    {},
    { data: null },
    { data: [] },
    { data: 'text' },
    { data: { weight: Number.NaN } },
    { data: { when: new Date(0) } },
    { data: { nested: { constructor: {} } } },
    { data: JSON.parse('{"__proto__": {}}') },
    { data: deep(32) },
  ],
  cannot: {
    'a failed open releases everything': 'opening only keeps the data',
    'no error and no log line holds a secret': 'nothing secret may be among its data',
    'a call that pends ends when it is aborted': 'no call waits for anybody',
    'nothing to know is undefined, not a failure': 'it knows the same of everybody',
    'a failure is a rejection, not missing data': 'no call can fail',
  },
});
